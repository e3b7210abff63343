import type { Change } from '../../core/adapter.js'

/**
 * The change as Postgres can store it. It knows no NUL and no half of an emoji, and would refuse the whole call for one
 * in a title or preview; they become U+FFFD.
 */
export function storable({ session, ...change }: Change): Change {
  const { title, lastMessagePreview, ...rest } = session
  return {
    ...change,
    session: {
      ...rest,
      ...(title !== undefined && { title: wellFormed(title) }),
      ...(lastMessagePreview !== undefined && { lastMessagePreview: wellFormed(lastMessagePreview) }),
    },
  }
}

function wellFormed(text: string): string {
  return text.replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD')
}

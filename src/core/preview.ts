import { firstCodePoints } from './text.js'

/** Longest preview, in code points. */
const maxPreviewLength = 120

/** The beginning of a text for a list: white space folded, at most 120 code points. `undefined` if nothing is left. */
export function preview(text: string): string | undefined {
  // No further than needed: an answer can be long.
  const [beginning = ''] = /(?:\S\s*){1,120}/u.exec(text) ?? []
  return firstCodePoints(beginning.replace(/\s+/g, ' '), maxPreviewLength).trimEnd() || undefined
}

import { LeftoffError } from './error.js'

/** The name under which the server knows a conversation: `userId::workspace::tabId`. Made by {@link tabKey} only. */
export type TabKey = string & { readonly [tabKeyBrand]: true }

declare const tabKeyBrand: unique symbol

/** The three parts of a tab key. `tabId` is the `conversationId`, unless older data carried another. */
export interface TabKeyParts {
  /** From the app's authentication, never from the request's body. */
  readonly userId: string
  readonly workspace: string
  readonly tabId: string
}

/**
 * The key `userId::workspace::tabId`, with `%` and `:` in the parts percent-encoded, so that different parts never give the same key.
 *
 * Throws `invalid-argument` for a part that is not a string, is empty, or is longer than 512 UTF-16 code units.
 *
 * @example
 * ```ts
 * import { tabKey } from 'leftoff/server'
 *
 * const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: conversationId })
 * ```
 */
export function tabKey({ userId, workspace, tabId }: TabKeyParts): TabKey {
  const key = [part('userId', userId), part('workspace', workspace), part('tabId', tabId)].join('::')
  return key as TabKey // the one place that makes the brand
}

/**
 * The parts a tab key was made of, or `undefined` for a string that {@link tabKey} did not make.
 *
 * @example
 * ```ts
 * import { parseTabKey } from 'leftoff/server'
 *
 * parseTabKey('u1::demo.alive.best::3f0c') // { userId: 'u1', workspace: 'demo.alive.best', tabId: '3f0c' }
 * ```
 */
export function parseTabKey(key: string): TabKeyParts | undefined {
  const match = /^([^:]+)::([^:]+)::([^:]+)$/.exec(key)
  if (!match) return undefined
  const [userId, workspace, tabId] = match.slice(1).map((text) => text.replace(/%(?:25|3A)/g, decodeURIComponent))
  if (userId === undefined || workspace === undefined || tabId === undefined) return undefined
  const parts = { userId, workspace, tabId }
  // Only what tabKey itself writes: '%41' for 'A' would give one conversation a second name.
  return isWritable(parts) && tabKey(parts) === key ? parts : undefined
}

/**
 * The older name of {@link tabKey}; also takes `conversationId` for `tabId`.
 *
 * @deprecated Use `tabKey({ userId, workspace, tabId })`.
 */
export function sessionKey(
  parts: TabKeyParts | { readonly userId: string; readonly workspace: string; readonly conversationId: string },
): TabKey {
  return 'tabId' in parts ? tabKey(parts) : tabKey({ ...parts, tabId: parts.conversationId })
}

const maxPartLength = 512

function part(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > maxPartLength) {
    throw new LeftoffError(
      'invalid-argument',
      `tabKey: ${name} must be a string of 1 to ${maxPartLength} characters. Check it where the request comes in.`,
    )
  }
  return value.replace(/[%:]/g, encodeURIComponent)
}

function isWritable(parts: TabKeyParts): boolean {
  return Object.values(parts).every((value) => value.length <= maxPartLength)
}

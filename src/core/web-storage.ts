import { shortHash } from './ids.js'
import { isWellFormed } from './text.js'

/** What leftoff uses of `localStorage` and `sessionStorage`. */
export interface WebStorage {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** The key `name/part/part…`, with `%` and `/` in the parts percent-encoded: no part can reach into another's place. */
export function storageKey(name: string, ...parts: readonly string[]): string {
  // No id holds NUL.
  return `${name}/${parts.join('\0').replace(/[%/]/g, encodeURIComponent).replaceAll('\0', '/')}`
}

/** The parts of a key that {@link storageKey} made for `name`; none for any other key. */
export function parseStorageKey(name: string, key: string): readonly string[] {
  if (!key.startsWith(`${name}/`)) return []
  const joined = key.slice(name.length + 1).replaceAll('/', '\0')
  return joined.replace(/%(?:25|2F)/g, decodeURIComponent).split('\0')
}

/** The keys that begin with `prefix`. */
export function keysWith(storage: WebStorage, prefix: string): string[] {
  const found: string[] = []
  for (let index = 0; index < storage.length; index++) {
    const key = storage.key(index)
    if (key?.startsWith(prefix)) found.push(key)
  }
  return found
}

/** The longest epoch, in characters. */
export const maxEpochLength = 64

/** The epoch that was stored; anything else, which a page did not write, counts as none. */
export function readEpoch(value: unknown): string {
  return typeof value === 'string' && value.length <= maxEpochLength && isWellFormed(value) ? value : ''
}

/**
 * Where localStorage keeps a user's epoch: a random token that `signOut` writes. What carries another one belongs to a sign-in
 * that ended. The key does not name the user, because it stays after they signed out.
 */
export function epochKey(name: string, userId: string): string {
  return storageKey(name, 'epoch', shortHash(`${name}\n${userId}`))
}

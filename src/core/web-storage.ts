import { decodeKeyPart, encodeKeyPart } from './key-part.js'

/** What leftoff uses of `localStorage` and `sessionStorage`. */
export interface WebStorage {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** The key `name/part/part…`; no part can reach into another's place. */
export function storageKey(name: string, ...parts: readonly string[]): string {
  return [name, ...parts.map((part) => encodeKeyPart(part, '/'))].join('/')
}

/** The parts of a key that {@link storageKey} made for `name`, or `undefined` for any other key. */
export function parseStorageKey(name: string, key: string): readonly string[] | undefined {
  if (!key.startsWith(`${name}/`)) return undefined
  const parts = key.slice(name.length + 1).split('/')
  return parts.map((part) => decodeKeyPart(part, '/'))
}

import type { WebStorage } from './web-storage.js'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * A 48-bit hash of `text` as eight base64url characters. Synchronous, because a page that goes away cannot wait for
 * `crypto.subtle`. Not for secrets.
 */
export function shortHash(text: string): string {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  let characters = ''
  for (const word of [a, b]) for (let shift = 0; shift < 24; shift += 6) characters += alphabet[(word >>> shift) & 63]
  return characters
}

/** A random scope: 48 bits as eight base64url characters. */
export function randomScope(): string {
  return shortHash(createId())
}

/**
 * A random UUID (version 4). `crypto.randomUUID` exists in secure contexts only, so on plain http the bits come from
 * `getRandomValues`, which every page has (https://www.w3.org/TR/webcrypto/#Crypto-method-randomUUID).
 */
export function createId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const digits = crypto.getRandomValues(new Uint8Array(31))
  let next = 0
  // RFC 9562, section 5.4: the version is 4, and of the digit after it two bits are the variant.
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (kind) => {
    const digit = (digits[next++] ?? 0) & 15
    return (kind === 'x' ? digit : (digit & 3) | 8).toString(16)
  })
}

/** The key `name/part/part…`, with `%` and `/` in the parts percent-encoded: no part can reach into another's place. */
export function storageKey(name: string, ...parts: readonly string[]): string {
  // No id holds NUL.
  return `${name}/${parts.join('\0').replace(/[%/]/g, encodeURIComponent).replaceAll('\0', '/')}`
}

/** The parts of a key that {@link storageKey} made for `name`; none for any other key. */
export function parseStorageKey(name: string, key: string): readonly string[] {
  return key.startsWith(`${name}/`)
    ? key
        .slice(name.length + 1)
        .split('/')
        .map(parseKeyPart)
    : []
}

/** A part as it was given to {@link storageKey}. */
export function parseKeyPart(part: string): string {
  return part.includes('%') ? part.replace(/%(?:25|2F)/g, decodeURIComponent) : part
}

/** The keys that begin with `prefix`. */
export function keysWith(storage: WebStorage, prefix: string): string[] {
  const found: string[] = []
  // Asked once: a browser takes as long to say it as to give a key, and there may be thousands.
  const { length } = storage
  for (let index = 0; index < length; index++) {
    const key = storage.key(index)
    if (key?.startsWith(prefix)) found.push(key)
  }
  return found
}

/**
 * Where localStorage keeps a user's epoch: a random token that `signOut` writes. What carries another one belongs to a sign-in
 * that ended. The key does not name the user, because it stays after they signed out.
 */
export function epochKey(name: string, userId: string): string {
  return storageKey(name, 'epoch', shortHash(`${name}\n${userId}`))
}

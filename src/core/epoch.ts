import { shortHash } from './hash.js'
import { isWellFormed } from './text.js'
import { storageKey } from './web-storage.js'

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

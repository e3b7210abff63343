import { shortHash } from './hash.js'
import { storageKey } from './web-storage.js'

/**
 * Where localStorage keeps a user's epoch: a random token that `signOut` writes. What carries another one belongs to a sign-in
 * that ended. The key does not name the user, because it stays after they signed out.
 */
export function epochKey(name: string, userId: string): string {
  return storageKey(name, 'epoch', shortHash(`${name}\n${userId}`))
}

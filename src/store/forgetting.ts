import { epochKey, keysWith, storageKey, type WebStorage } from '../core/web-storage.js'
import { closeClaims } from './claims.js'
import { type StoreContext, tryStorage } from './context.js'
import { ignoreRejection } from './promises.js'
import { importOverKey } from './snapshot.js'
import { endUser, signedOutError, type User } from './user.js'
import { stopWatching } from './watching.js'

/** Forgets the user on this device. Other tabs see another epoch. */
export async function forgetUser(context: StoreContext, user: User, epoch: string): Promise<void> {
  stopUser(user)
  forgetDevice(context, user.userId, epoch)
  forgetTab(context, user.userId)
  await context.adapter.forget?.(user.userId, epoch)
}

/** The user signed out in another tab. */
export function forgetHere(context: StoreContext, user: User): void {
  stopUser(user)
  forgetTab(context, user.userId)
  // What this tab saved before it heard of it: a device adapter removes what it meets of an older epoch.
  if (context.adapter.place === 'device') void ignoreRejection(context.adapter.list(user.userId, { limit: 1_000 }))
}

function stopUser(user: User): void {
  endUser(user, signedOutError())
  stopWatching(user)
  closeClaims(user)
  user.unsubscribe?.()
}

/** The user's keys in this tab's own storage. Those of other tabs carry an epoch that is over. */
function forgetTab(context: StoreContext, userId: string): void {
  tryStorage(context, 'sessionStorage', (own) => removeKeys(own, context.name, userId))
}

function forgetDevice(context: StoreContext, userId: string, epoch: string): void {
  const { name } = context
  tryStorage(context, 'localStorage', (own) => {
    // The epoch first: what another page writes from here on is not there.
    own.setItem(epochKey(name, userId), epoch)
    own.setItem(importOverKey(name), '1')
    own.removeItem(name)
    own.removeItem(storageKey(name, 'quarantine', name))
    removeKeys(own, name, userId)
  })
}

function removeKeys(storage: WebStorage, name: string, userId: string): void {
  const ofUser = ['pointer', 'left', 'journal', 'draft', 'unsent'].map((kind) => storageKey(name, kind, userId))
  const quarantined = storageKey(name, 'quarantine', `${storageKey(name, 'journal', userId)}/`)
  for (const key of keysWith(storage, `${name}/`)) {
    const isOfUser = ofUser.some((prefix) => key === prefix || key.startsWith(`${prefix}/`))
    if (isOfUser || key.startsWith(quarantined)) storage.removeItem(key)
  }
}

/** What earlier pages kept before `persistContent: false`. */
export function dropTexts({ context, userId }: User): void {
  for (const kind of ['localStorage', 'sessionStorage'] as const) {
    tryStorage(context, kind, (storage) => {
      for (const what of ['draft', 'unsent']) {
        for (const key of keysWith(storage, `${storageKey(context.name, what, userId)}/`)) storage.removeItem(key)
      }
    })
  }
}

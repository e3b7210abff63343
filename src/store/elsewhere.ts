import { withTimeout } from '../core/clock.js'
import { parseStorageKey, storageKey } from '../core/web-storage.js'
import type { ClaimMessage } from './claim-messages.js'
import type { User } from './user.js'

const lookMs = 1_000
/** How long a browser may still list a lock that was given back. */
const releasedMs = 300

/** Finds out again which conversations other pages have. */
export function lookElsewhere(user: User): void {
  const locks = user.context.browser.locks()
  if (!locks || user.isGone) return
  const prefix = `${storageKey(user.context.name, 'claim', user.userId)}/`
  // What this page gives back around now may be in the answer still, and is not another's.
  const own = new Set([...user.claims.keys(), ...user.releasing])
  withTimeout(user.context.clock, locks.query(), lookMs, 'navigator.locks').then(
    ({ held = [] }) => {
      if (user.isGone) return
      const ids = held.flatMap(({ name = '' }) =>
        name.startsWith(prefix) ? [parseStorageKey(user.context.name, name)?.[2] ?? ''] : [],
      )
      setElsewhere(
        user,
        ids.filter((id) => !own.has(id) && !user.claims.has(id)),
      )
    },
    () => {}, // not known then
  )
}

/** The message that a claim was given back may arrive before the browser has the lock back, and a look that still finds it would last. */
export function lookAfterRelease(user: User, before: () => unknown = () => {}): void {
  user.context.clock.setTimeout(
    () => {
      before()
      lookElsewhere(user)
    },
    releasedMs,
    { keepsAlive: false },
  )
}

export function setElsewhere(user: User, ids: readonly string[]): void {
  const next = [...new Set(ids)].sort()
  if (next.length === user.openElsewhere.length && next.every((id, index) => id === user.openElsewhere[index])) return
  user.openElsewhere = next
  user.context.publish()
}

export function post(user: User, message: ClaimMessage): void {
  user.channel?.postMessage(message)
}

export function lockName(user: User, conversationId: string): string {
  return storageKey(user.context.name, 'claim', user.userId, conversationId)
}

/** Tells the other tabs that rows changed, where the adapter has no way to, or only asks for them now and then. */
export function announceChanged(user: User, ids: readonly string[]): void {
  const { subscribe, place } = user.context.adapter
  if (ids.length > 0 && (!subscribe || place === 'account')) post(user, { type: 'changed', ids: [...ids] })
}

/** Tells the user's other tabs of a sign-out, for what cannot wait until they write again. The claims may be given back already. */
export function announceSignOut(user: User, keepHistory: boolean): void {
  const channel = user.channel ?? user.context.browser.channel(channelName(user), () => {})
  channel?.postMessage({ type: 'signed-out', keepHistory } satisfies ClaimMessage)
  if (channel !== user.channel) channel?.close()
}

export function channelName({ context, userId }: User): string {
  return storageKey(context.name, 'claims', userId)
}

/** Outside a document, such as on a server, there are no tabs to tell of. */
export function tellUnavailable(user: User): void {
  if (user.isUnguarded || !user.context.browser.events()) return
  user.isUnguarded = true
  user.context.emit({ type: 'claims-unavailable' })
}

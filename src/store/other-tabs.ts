import { isObject } from '../core/checks.js'
import { type Clock, deferred, withTimeout } from '../core/clock.js'
import { parseStorageKey, storageKey } from '../core/keys-and-ids.js'
import type { ClaimLocks } from './browser.js'
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
        name.startsWith(prefix) ? [parseStorageKey(user.context.name, name)[2] ?? ''] : [],
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

/** What pages tell each other about claims. `from` is a page id, `since` is in ms since the epoch. */
export type ClaimMessage =
  /** I have this conversation, or will if nobody objects: a page that had it before says `held` as well. */
  | { readonly type: 'held'; readonly id: string; readonly since: number; readonly from: string }
  /** Give it to me: it was mine before a reload (`back`), or a person asked for it (`take`). */
  | { readonly type: 'ask'; readonly id: string; readonly from: string; readonly why: 'back' | 'take' }
  | { readonly type: 'released'; readonly id: string }
  /** These rows changed: read them again. */
  | { readonly type: 'changed'; readonly ids: readonly string[] }
  /** The user signed out on this device. */
  | { readonly type: 'signed-out'; readonly keepHistory: boolean }

/** Checks a message from outside: another version's, or any script's. */
export function readClaimMessage(data: unknown): ClaimMessage | undefined {
  if (!isObject(data)) return undefined
  const { type, id, since, from, why, ids } = data
  if (type === 'changed') {
    return Array.isArray(ids) && ids.every((one) => typeof one === 'string') ? { type, ids } : undefined
  }
  if (type === 'signed-out') return { type, keepHistory: data.keepHistory === true }
  if (typeof id !== 'string') return undefined
  if (type === 'released') return { type, id }
  if (typeof from !== 'string') return undefined
  if (type === 'ask') return why === 'back' || why === 'take' ? { type, id, from, why } : undefined
  if (type !== 'held' || typeof since !== 'number' || !Number.isFinite(since)) return undefined
  return { type, id, since, from }
}

/** A Web Lock that was asked for. */
export interface LockRequest {
  /** Never rejects. `unavailable`: the browser has no locks for this page. Never settles if the browser does not answer. */
  readonly answer: Promise<'held' | 'denied' | 'unavailable'>
  /** Gives the lock back, or takes the request back. */
  readonly giveBack: () => void
}

/**
 * Asks for an exclusive lock, to be held until it is given back or the page is gone. If it is not free it waits `waitMs` for it;
 * with `steal` it takes it from whoever has it. Calls `onLost` if it is denied, or stolen.
 */
export function requestLock(
  locks: ClaimLocks,
  name: string,
  {
    waitMs,
    steal,
    clock,
    onLost,
  }: { readonly waitMs: number; readonly steal: boolean; readonly clock: Clock; readonly onLost: () => void },
): LockRequest {
  const held = deferred<void>()
  const abort = new AbortController()
  let isWanted = true

  /** Settles as soon as it is known whether the lock is held. */
  function ask(options: Parameters<ClaimLocks['request']>[1]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let isGranted = false
      function granted(lock: unknown): Promise<void> | undefined {
        isGranted = lock !== null && isWanted
        resolve(isGranted)
        return isGranted ? held.promise : undefined
      }
      locks.request(name, options, granted).catch((error: unknown) => {
        // Held until now: another page stole it.
        if (isGranted && isWanted) onLost()
        reject(error)
      })
    })
  }

  async function answer(): Promise<'held' | 'denied' | 'unavailable'> {
    try {
      const isHeld =
        (await ask(steal ? { steal } : { ifAvailable: true })) || (waitMs > 0 && isWanted && (await queue()))
      if (!isHeld) onLost()
      return isHeld ? 'held' : 'denied'
    } catch {
      return 'unavailable' // missing or blocked: https://w3c.github.io/web-locks/#security
    }
  }

  function queue(): Promise<boolean> {
    const cancel = clock.setTimeout(() => abort.abort(), waitMs)
    return ask({ signal: abort.signal })
      .catch(() => false) // aborted
      .finally(cancel)
  }

  return {
    answer: answer(),
    giveBack() {
      isWanted = false
      held.resolve()
      abort.abort()
    },
  }
}

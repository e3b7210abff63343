import type { Clock } from '../core/clock.js'
import type { ClaimLocks } from './browser.js'
import { deferred } from './promises.js'

/** A Web Lock that was asked for. */
export interface LockRequest {
  /** Never rejects. `unavailable`: the browser has no locks for this page. Never settles if the browser does not answer. */
  readonly answer: Promise<'held' | 'denied' | 'unavailable'>
  /** Settles if the lock was stolen, or denied. */
  readonly lost: Promise<void>
  /** Gives the lock back, or takes the request back. */
  readonly giveBack: () => void
}

/**
 * Asks for an exclusive lock, to be held until it is given back or the page is gone. If it is not free it waits `waitMs` for it;
 * with `steal` it takes it from whoever has it.
 */
export function requestLock(
  locks: ClaimLocks,
  name: string,
  { waitMs, steal, clock }: { readonly waitMs: number; readonly steal: boolean; readonly clock: Clock },
): LockRequest {
  const held = deferred<void>()
  const lost = deferred<void>()
  const abort = new AbortController()
  let isWanted = true

  /** Settles as soon as it is known whether the lock is held. */
  function ask(options: Parameters<ClaimLocks['request']>[1]): Promise<'held' | 'denied'> {
    return new Promise((resolve, reject) => {
      let isGranted = false
      function granted(lock: unknown): Promise<void> | undefined {
        isGranted = lock !== null && isWanted
        resolve(isGranted ? 'held' : 'denied')
        return isGranted ? held.promise : undefined
      }
      locks.request(name, options, granted).catch((error: unknown) => {
        // Held until now: another page stole it.
        if (isGranted && isWanted) lost.resolve()
        reject(error)
      })
    })
  }

  async function answer(): Promise<'held' | 'denied' | 'unavailable'> {
    try {
      const first = await ask(steal ? { steal } : { ifAvailable: true })
      return first === 'denied' && waitMs > 0 && isWanted ? await queue() : first
    } catch {
      return 'unavailable' // missing or blocked: https://w3c.github.io/web-locks/#security
    }
  }

  async function queue(): Promise<'held' | 'denied'> {
    const cancel = clock.setTimeout(() => abort.abort(), waitMs)
    try {
      return await ask({ signal: abort.signal })
    } catch {
      return 'denied' // aborted
    } finally {
      cancel()
    }
  }

  const answered = answer()
  void answered.then((result) => {
    if (result === 'denied') lost.resolve()
  })
  return {
    answer: answered,
    lost: lost.promise,
    giveBack() {
      isWanted = false
      held.resolve()
      abort.abort()
    },
  }
}

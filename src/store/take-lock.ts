import type { Clock } from '../core/clock.js'
import { bounded } from './bounded.js'
import type { ClaimLocks } from './browser.js'

/** A lock that was asked for. */
export interface LockRequest {
  /** Never rejects. `unavailable`: the browser has no locks for this page, or does not answer. */
  readonly answer: Promise<'held' | 'denied' | 'unavailable'>
  /** Gives the lock back, or takes the request back. */
  release(): void
}

/** What {@link takeLock} needs. */
export interface TakeLockOptions {
  readonly locks: ClaimLocks
  readonly lockName: string
  /** How long to wait for another page to give it back. */
  readonly waitMs: number
  readonly clock: Clock
  /** The lock that `answer` said is held is not any more, or was denied after all. */
  readonly onLost: () => void
}

/** An answer takes a few ms, a second on a machine under load. */
const answerMs = 1_000

/**
 * Asks for an exclusive Web Lock, to be held until it is given back or the page is gone. Waits no longer than `waitMs`, never
 * steals: a page of the back/forward cache whose lock is stolen comes back without knowing.
 */
export function takeLock({ locks, lockName, waitMs, clock, onLost }: TakeLockOptions): LockRequest {
  let isWanted = true
  let isOverdue = false
  let giveBack: (() => void) | undefined

  function request(options: { ifAvailable: true } | { signal: AbortSignal }): Promise<'held' | 'denied'> {
    return new Promise((resolve, reject) => {
      function granted(lock: unknown): Promise<void> | undefined {
        if (lock && isWanted) {
          resolve('held')
          return new Promise((done) => {
            giveBack = done
          })
        }
        resolve('denied')
        // Held meanwhile by other means; a denial that comes late still counts.
        if (!lock && isOverdue && isWanted) onLost()
        return undefined
      }
      locks.request(lockName, options, granted).catch((error: unknown) => {
        if (giveBack && isWanted) onLost()
        reject(error)
      })
    })
  }

  async function ask(): Promise<'held' | 'denied' | 'unavailable'> {
    try {
      const answer = await bounded(request({ ifAvailable: true }), answerMs, clock, 'navigator.locks')
      return answer === 'denied' && waitMs > 0 && isWanted ? await wait() : answer
    } catch {
      isOverdue = true
      return 'unavailable' // missing, blocked (https://w3c.github.io/web-locks/#security), or silent
    }
  }

  async function wait(): Promise<'held' | 'denied'> {
    const abort = new AbortController()
    const cancel = clock.setTimeout(() => abort.abort(), waitMs)
    const waited = new Promise<'denied'>((resolve) => {
      abort.signal.addEventListener('abort', () => resolve('denied'))
    })
    try {
      return await Promise.race([request({ signal: abort.signal }).catch(() => 'denied' as const), waited])
    } finally {
      cancel()
    }
  }

  return {
    answer: ask(),
    release() {
      isWanted = false
      giveBack?.()
    },
  }
}

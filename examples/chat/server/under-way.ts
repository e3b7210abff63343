import type { AgentSessionStore } from 'leftoff/server'

/** What the server has begun and not ended: it waits for that before it closes the database. */
export interface UnderWay {
  /** Counts `work` until it settles. */
  track<T>(work: Promise<T>): Promise<T>
  /** The same store; a turn counts from its beginning until its end is stored. */
  trackTurns(store: AgentSessionStore): AgentSessionStore
  /** Resolves once nothing is under way, also if that takes further work; after `ms` in any case. */
  ended(ms: number): Promise<void>
}

export function createUnderWay(): UnderWay {
  const all = new Set<unknown>()
  let tell = () => {}

  function end(work: unknown): void {
    if (all.delete(work) && all.size === 0) tell()
  }

  return {
    track(work) {
      all.add(work)
      return work.finally(() => end(work))
    },
    trackTurns: (store) => ({
      ...store,
      async beginTurn(key, lease) {
        const begun = await store.beginTurn(key, lease)
        if (begun.ok) all.add(lease.leaseId)
        return begun
      },
      async renewTurn(key, leaseId, leaseMs) {
        const isHeld = await store.renewTurn(key, leaseId, leaseMs)
        if (!isHeld) end(leaseId)
        return isHeld
      },
      async endTurn(key, leaseId, agentSessionId) {
        return store.endTurn(key, leaseId, agentSessionId).finally(() => end(leaseId))
      },
    }),
    ended(ms) {
      return new Promise((resolve) => {
        if (all.size === 0) return resolve()
        const timer = setTimeout(resolve, ms)
        tell = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
  }
}

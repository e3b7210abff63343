import type { TabKey } from '../../core/tab-key.js'
import type { LiveTurn } from './live-turn.js'

/** The turns that run in this process. */
export interface LiveTurns {
  /** Until it has ended. */
  add(key: TabKey, turnId: string, turn: LiveTurn): void
  find(key: TabKey, turnId: string): LiveTurn | undefined
  isClosed(): boolean
  /** Ends all; resolves once all is stored. */
  readonly close: () => Promise<void>
}

export function createLiveTurns(): LiveTurns {
  const turns = new Map<string, LiveTurn>()
  let hasClosed = false
  // Neither part of the name can hold this separator.
  const nameOf = (key: TabKey, turnId: string) => `${key}/${turnId}`

  return {
    add(key, turnId, turn) {
      const name = nameOf(key, turnId)
      turns.set(name, turn)
      void turn.ended.then(() => turns.delete(name))
      if (hasClosed) turn.interrupt()
    },
    find: (key, turnId) => turns.get(nameOf(key, turnId)),
    isClosed: () => hasClosed,
    async close() {
      hasClosed = true
      for (const turn of turns.values()) turn.interrupt()
      await Promise.all([...turns.values()].map(({ ended }) => ended))
    },
  }
}

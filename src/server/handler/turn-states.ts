import type { Clock } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { AgentSessionStore, TurnState } from '../agent-session-store.js'

/** What rows say of turns, asked for many readers at once: one question per turn in two seconds. */
export function createTurnStates(
  sessions: AgentSessionStore,
  clock: Clock,
): (key: TabKey, turnId: string) => Promise<TurnState | undefined> {
  const asked = new Map<string, Promise<TurnState | undefined>>()
  return (key, turnId) => {
    const name = `${key}::${turnId}`
    const known = asked.get(name)
    if (known) return known
    const answer = sessions.getTurn(key, turnId)
    asked.set(name, answer)
    clock.setTimeout(() => asked.delete(name), freshMs, { keepsAlive: false })
    return answer
  }
}

/** A little less than the silence after which a reader asks again. */
const freshMs = 1_900

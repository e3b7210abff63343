import { type TabKey, tabKey } from '../../src/core/tab-key.js'
import type { TurnEvent } from '../../src/core/turn-event.js'
import type { AgentSessionStore } from '../../src/server/agent-session-store.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { runTurn } from '../../src/server/run-turn.js'
import type { RecoveryReport, TurnSettings, WithSessions } from '../../src/server/turn-options.js'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.js'
import { driver, type Message, type ScriptedAgent } from './scripted-agent.js'

export const key: TabKey = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })

/** The options of a turn whose agent keeps sessions. */
export type Options = TurnSettings<Message> & WithSessions<Message>

export interface TurnSetup {
  readonly clock: ManualClock
  readonly sessions: AgentSessionStore
  readonly reports: RecoveryReport[]
  /** Begins a turn that must not be busy. */
  begin(
    agent: ScriptedAgent,
    options?: Partial<Options>,
  ): Promise<AsyncIterator<TurnEvent<Message>> & AsyncIterable<TurnEvent<Message>>>
  /** How long the key is still taken. */
  busyFor(): Promise<number>
}

/** A store that a test may let fail, on a clock that stands still. */
export function setUp(failing: (sessions: AgentSessionStore) => Partial<AgentSessionStore> = () => ({})): TurnSetup {
  const clock = manualClock()
  const memory = memoryAgentSessions({ clock })
  const sessions = { ...memory, ...failing(memory) }
  const reports: RecoveryReport[] = []
  return {
    clock,
    sessions,
    reports,
    async begin(agent, options) {
      const turn = await runTurn<Message>({
        sessions,
        key,
        agent: driver,
        run: agent.run,
        hasHistory: true,
        onRecovery: (report) => reports.push(report),
        leaseMs: 30_000,
        clock,
        ...options,
      })
      if (!turn.ok) throw new Error('busy')
      const iterator = turn.events[Symbol.asyncIterator]()
      return Object.assign(iterator, { [Symbol.asyncIterator]: () => iterator })
    },
    async busyFor() {
      const probe = await memory.beginTurn(key, probeTurn)
      if (!probe.ok) return probe.retryAfterMs
      await memory.endTurn(key, probeTurn.leaseId, { outcome: 'not-started' })
      return 0
    },
  }
}

/** A turn of another server. */
export const otherTurn = { leaseId: 'other', leaseMs: 60_000, turnId: 'other-turn', messageHash: 'other' }

/** Asks for the key, to see whether it is free. */
export const probeTurn = { leaseId: 'probe', leaseMs: 1, turnId: 'probe-turn', messageHash: 'probe' }

import { type TabKey, tabKey } from '../../src/core/tab-key.js'
import type { TurnEvent } from '../../src/core/turn-event.js'
import type { AgentSessionStore } from '../../src/server/agent-session-store.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { runTurn } from '../../src/server/run-turn.js'
import type { RecoveryReport, TurnOptions } from '../../src/server/turn-options.js'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.js'
import { driver, type Message, type ScriptedAgent } from './scripted-agent.js'

export const key: TabKey = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })

export interface TurnSetup {
  readonly clock: ManualClock
  readonly sessions: AgentSessionStore
  readonly reports: RecoveryReport[]
  /** Begins a turn that must not be busy. */
  begin(
    agent: ScriptedAgent,
    options?: Partial<TurnOptions<Message>>,
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
      const probe = await memory.beginTurn(key, { leaseId: 'probe', leaseMs: 1 })
      if (!probe.ok) return probe.retryAfterMs
      await memory.endTurn(key, 'probe')
      return 0
    },
  }
}

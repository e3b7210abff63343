import { it } from 'vitest'
import { tabKey } from '../core/tab-key.js'
import type { AgentSessionStore } from '../server/agent-session-store.js'
import { leaseSentences } from './lease-sentences.js'
import { sessionSentences } from './session-sentences.js'
import { turnSentences } from './turn-sentences.js'

/** What {@link agentSessionStoreConformance} needs of a store. */
export interface AgentSessionStoreConformance {
  /** An empty store whose ids expire after 24 h. Called once for each test. */
  readonly open: () => OpenedAgentSessionStore | Promise<OpenedAgentSessionStore>
  /** A workspace that the store knows; `demo.alive.best`. */
  readonly workspace?: string
  /**
   * Whether a key is gone as soon as its session has expired, as with a TTL. Then nobody can be told that there was
   * one, and the test of that is left out; `false`.
   */
  readonly forgetsExpired?: boolean
}

/** A store under test. */
export interface OpenedAgentSessionStore {
  readonly sessions: AgentSessionStore
  /** Lets time pass for the store: moves its clock on, or makes everything in it older. */
  wait(ms: number): void | Promise<void>
}

/**
 * The tests that every `AgentSessionStore` passes, one per sentence of its contract. Call it in a `describe` of vitest.
 *
 * @example
 * ```ts
 * import { memoryAgentSessions } from 'leftoff/server'
 * import { agentSessionStoreConformance, manualClock } from 'leftoff/testing'
 *
 * agentSessionStoreConformance({
 *   open: () => {
 *     const clock = manualClock()
 *     return { sessions: memoryAgentSessions({ clock }), wait: clock.advance }
 *   },
 * })
 * ```
 */
export function agentSessionStoreConformance({
  open,
  workspace = 'demo.alive.best',
  forgetsExpired = false,
}: AgentSessionStoreConformance): void {
  const key = tabKey({ userId: 'u1', workspace, tabId: 't1' })
  const otherKey = tabKey({ userId: 'u2', workspace, tabId: 't1' })
  for (const sentences of [sessionSentences, leaseSentences, turnSentences]) {
    for (const [sentence, prove] of Object.entries(sentences)) {
      if (forgetsExpired && sentence.includes(ofExpired)) continue
      it(sentence, async () => prove({ ...(await open()), key, otherKey }))
    }
  }
}

const ofExpired = 'while the store remembers it'

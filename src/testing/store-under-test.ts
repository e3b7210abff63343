import { expect } from 'vitest'
import type { TabKey } from '../core/tab-key.js'
import type { AgentSessionStore, BeginTurnResult, BegunTurn } from '../server/agent-session-store.js'

/** What a sentence of the contract is proven with. */
export interface StoreUnderTest {
  readonly sessions: AgentSessionStore
  readonly key: TabKey
  /** Of another user. */
  readonly otherKey: TabKey
  wait(ms: number): void | Promise<void>
}

/** Each sentence of the contract, in its order, with its proof. */
export type Sentences = Readonly<Record<string, (store: StoreUnderTest) => Promise<void>>>

export const expiryMs = 24 * 60 * 60 * 1000
/** Real time passes too in a store that has a clock of its own. */
export const margin = 60_000

export const mine: BegunTurn = {
  leaseId: '11111111-1111-4111-8111-111111111111',
  leaseMs: 30_000,
  turnId: 'turn-of-mine',
  messageHash: 'hash-of-mine',
}
export const theirs: BegunTurn = {
  leaseId: '22222222-2222-4222-8222-222222222222',
  leaseMs: 30_000,
  turnId: 'turn-of-theirs',
  messageHash: 'hash-of-theirs'.slice(0, 11),
}

/** A remaining time, of which the test itself has used a little. */
export function expectAbout(ms: number, actual: number | undefined): void {
  expect(actual).toBeLessThanOrEqual(ms)
  expect(actual).toBeGreaterThan(ms - 10_000)
}

/** A refusal because of the turn that holds the key. */
export function expectBusyFor(ms: number, result: BeginTurnResult): void {
  expect(result).toMatchObject({ ok: false })
  expectAbout(ms, result.ok ? undefined : result.retryAfterMs)
}

/**
 * Conformance suites, clocks and a fake browser, for vitest; the types of what a store and an adapter can be given instead.
 *
 * @module leftoff/testing
 */

export type { RankedText, ScopeTotals, StoredScope, TitleSlot, Titles } from '../core/apply-change.js'
export type { Checked } from '../core/checks.js'
export { type Clock, systemClock } from '../core/clock.js'
export type { WebStorage } from '../core/web-storage.js'
export type { Browser, ClaimChannel, ClaimLocks, LifecycleEvent } from '../store/browser.js'
export {
  type AgentSessionStoreConformance,
  agentSessionStoreConformance,
  type OpenedAgentSessionStore,
} from './agent-session-store-conformance.js'
export { type FakeBrowser, type FakeStorage, type FakeTab, fakeBrowser } from './fake-browser.js'
export type { FakeLockMode } from './fake-locks.js'
export { type ManualClock, manualClock } from './manual-clock.js'
export { sessionAdapterConformance } from './session-adapter-conformance.js'
export type { PlantedRow, SessionAdapterConformance } from './session-adapter-harness.js'
export { turnLogConformance } from './turn-log-conformance.js'
export type { OpenedTurnLog, TurnLogConformance } from './turn-log-harness.js'

/**
 * Conformance suites, a manual clock and a fake browser, for vitest.
 *
 * @module leftoff/testing
 */

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

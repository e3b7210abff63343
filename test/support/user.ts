import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { StoreContext } from '../../src/store/context.js'
import { pageStorage } from '../../src/store/device-keys.js'
import { User } from '../../src/store/user.js'
import type { FakeTab } from '../../src/testing/fake-browser.js'
import { manualClock } from '../../src/testing/manual-clock.js'

/** A user of a store that does nothing by itself, for what reads and writes a page's storages. */
export function userIn(tab: FakeTab, own: Partial<StoreContext> = {}, userId = ''): User {
  const context: StoreContext = {
    name: 'claude-session-storage',
    panel: '',
    adapter: memoryAdapter(),
    browser: tab.browser,
    storage: pageStorage(tab.browser),
    clock: manualClock(),
    createId: () => 'created',
    resume: 'latest',
    whenOpenElsewhere: 'watch',
    capacity: 10,
    openTimeoutMs: 3_000,
    maxConversations: 1_000,
    defaultWorkspace: undefined,
    keepsContent: true,
    drafts: undefined,
    legacy: undefined,
    guests: undefined,
    emit: () => {},
    publish: () => {},
    ...own,
  }
  return new User(context, userId)
}

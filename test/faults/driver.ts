import { dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { supabaseAdapter } from '../../src/adapters/supabase/supabase-adapter.js'
import type { SessionAdapter } from '../../src/core/adapter.js'
import type { Clock } from '../../src/core/clock.js'
import type { ConversationSession } from '../../src/core/session.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import type { SessionStore } from '../../src/store/session-store.js'
import type { FakeTab } from '../../src/testing/fake-browser.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { session } from '../support/session.js'
import { type Device, type DevicePage, openDevice } from './device.js'
import { type CallFault, faulty } from './faulty.js'
import type { PageOptions, WorldOptions } from './world-options.js'

// The one file of these tests that knows how the store, its state, its events and the calls of adapters are named.

/** The key of the blob that older code reads and writes, and the prefix of all others. */
export const olderKey = 'claude-session-storage'

/** Devices, their pages, and what is stored. */
export function openWorld({ adapter: kind = 'localStorage' }: WorldOptions = {}) {
  const manual = manualClock({ now: Date.UTC(2026, 0, 1) })
  const devices = new Map<string, Device>()
  const shared = memoryAdapter()
  let jumped = 0
  let ids = 0

  function deviceOf(name = 'desk'): Device {
    const device = devices.get(name) ?? openDevice(manual)
    devices.set(name, device)
    return device
  }

  /** A clock that is ahead. */
  function ahead(clock: Clock, byMs = 0): Clock {
    return { ...clock, now: () => clock.now() + jumped + byMs }
  }

  function adapterOf(page: Pick<DevicePage, 'storage' | 'events'>, clock = ahead(manual)): SessionAdapter {
    if (kind === 'localStorage') return localStorageAdapter({ ...page, now: clock.now })
    if (kind === 'memory') return shared
    if (kind !== 'account' && 'supabase' in kind) return supabaseAdapter({ client: kind.supabase, clock })
    if (kind !== 'account') return dexieAdapter({ ...kind.dexie, clock })
    const { list, get, save, remove, clear } = shared
    return { name: 'account', place: 'account', durability: 'committed', list, get, save, remove, clear }
  }

  /** Lets time pass. An IndexedDB in memory answers in tasks of its own, so each step has some. */
  async function pass(ms: number): Promise<void> {
    if (typeof kind === 'string' || !('dexie' in kind)) return manual.advance(ms)
    const steps = Math.min(200, Math.max(1, Math.ceil(ms / 500)))
    for (let step = 0; step < steps; step++) {
      await manual.advance(ms / steps)
      for (let task = 0; task < 30; task++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** A promise that time brings about. */
  async function soon<T>(promise: Promise<T>, ms = 0): Promise<T> {
    promise.catch(() => {}) // looked at below
    await pass(ms)
    return promise
  }

  function openTab(tab: FakeTab, options: PageOptions) {
    return openIn(deviceOf(options.device).openPage(tab, options), options)
  }

  function openIn(own: DevicePage, options: PageOptions) {
    const { device, user, clock = ahead(own.clock, options.clockAheadMs), openTimeoutMs, persistContent } = options
    const { tab } = own
    const faults: { [call: string]: CallFault | undefined } = {}
    const events: string[] = []
    const real = adapterOf(own, clock)
    const store = createSessionStore({
      clock,
      createId: () => `id-${++ids}`,
      browser: own.browser,
      adapter: faulty(
        options.hasClassAdapter ? asInstance(real) : real,
        (call) => (own.isGone ? 'hangs' : faults[call]),
        manual,
      ),
      onEvent: ({ type }) => events.push(newNames.get(type) ?? type),
      ...(user !== undefined && { userId: user }),
      ...(openTimeoutMs !== undefined && { openTimeoutMs }),
      ...(persistContent !== undefined && { persistContent }),
      // Whatever a server sent.
      ...(options.initialSessions && {
        initialState: { sessions: options.initialSessions as readonly ConversationSession[] },
      }),
    })
    const page = {
      ...actionsOf(store),
      store,
      /** Set to make calls of the adapter go wrong from now on. */
      faults,
      /** What the app was told, by the names of the second edition. */
      events: events as readonly string[],
      /** Opens the workspace, and lets pass what that may wait for. */
      opened: (workspace?: string, conversationId?: string) => soon(page.open(workspace, conversationId), 2_500),
      hide: () => tab.tell('hidden'),
      show: () => tab.tell('visible'),
      /** Goes into the back/forward cache. */
      sleep: own.sleep,
      /** Comes out of it. */
      wake: own.wake,
      /** The page is left in an orderly way, and its tab shows the app anew. */
      reload(changed: PageOptions = {}) {
        const next = tab.reload()
        own.end()
        return openTab(next, { ...options, ...changed })
      },
      close(): void {
        tab.close()
        own.end()
      },
      /** One more store in the same document. */
      another: (changed: PageOptions = {}) => openIn(own, { ...options, ...changed }),
      clearLocalStorage: () => deviceOf(device).clearLocalStorage(own),
      sessionStorage: tab.sessionStorage,
    }
    return page
  }

  /** A handle of its own on the storage, closed after `use`. */
  async function withHandle<T>(use: (handle: SessionAdapter) => Promise<T>): Promise<T> {
    const tab = deviceOf().browser.openTab()
    const handle = adapterOf({ storage: tab.storage, events: tab.events })
    const used = await soon(use(handle))
    tab.crash()
    await handle.close?.()
    return used
  }

  async function rows(user = '', limit = 10_000): Promise<readonly Row[]> {
    return (await withHandle((handle) => handle.list(user, { limit }))).map(rowOf)
  }

  return {
    pass,
    soon,
    clock: manual,
    device: deviceOf,
    /** All clocks jump. */
    jump(ms: number): void {
      jumped += ms
    },
    openPage: (options: PageOptions = {}) => openTab(deviceOf(options.device).browser.openTab(), options),
    rows,
    /** How many messages are stored of the user. */
    messages: async (user?: string) => (await rows(user)).reduce((sum, { messages }) => sum + messages, 0),
    /** Whether a bare adapter takes a row, as code of the app's own may give it one. */
    takes: (fields: Readonly<Record<string, unknown>>) =>
      withHandle((handle) =>
        handle.save([{ session: Object.assign(session(), fields), base: 0, saveId: `bare-${++ids}` }]).then(
          (refusals) => refusals.length === 0,
          () => false,
        ),
      ),
    plant: (key: string, value: string) => deviceOf().browser.localStorage.setItem(key, value),
    /** A row in localStorage, in the form of storage. */
    plantRow(fields: Partial<ConversationSession> & { readonly conversationId: string }): void {
      const { conversationId, workspace, userId, ...rest } = session(fields)
      const key = [olderKey, 'row', userId, workspace, conversationId].join('/')
      deviceOf().browser.localStorage.setItem(key, JSON.stringify({ schemaVersion: 1, saveId: 's', session: rest }))
    },
    /** The device's mark of a sign-out, as anyone may write it. */
    plantSignOut: (value: string) => deviceOf().browser.localStorage.setItem(`${olderKey}/sign-outs`, value),
  }
}

export type Page = ReturnType<ReturnType<typeof openWorld>['openPage']>

/** A store in the page that the script really runs in, with nothing passed in that a test could hold. */
export function openBareStore() {
  return actionsOf(createSessionStore({ adapter: localStorageAdapter() }))
}

/** A stored row, as a person sees it. */
interface Row {
  readonly id: string
  readonly messages: number
  readonly tokens: number
  readonly preview: string
  readonly title: string
  readonly lastActivity: number
}

function rowOf(row: ConversationSession): Row {
  const { conversationId: id, messageCount: messages, lastActivity, tokenUsage } = row
  const tokens = (tokenUsage?.input ?? 0) + (tokenUsage?.output ?? 0)
  return { id, messages, tokens, preview: row.lastMessagePreview ?? '', title: row.title ?? '', lastActivity }
}

/** What apps do with a store. */
function actionsOf(store: SessionStore) {
  return {
    open: (workspace = 'w', conversationId?: string) =>
      store.initConversation(workspace, conversationId === undefined ? {} : { conversationId }),
    begin: (workspace?: string) => store.newConversation(workspace),
    switchTo: async (id: string) => (await store.switchConversation(id)).ok,
    say(text: string, { tokens, conversationId }: { tokens?: number; conversationId?: string } = {}): void {
      store.recordMessage({
        role: 'user',
        text,
        ...(tokens !== undefined && { usage: { input: tokens, output: 0, cacheRead: 0, cacheWrite: 0 } }),
        ...(conversationId !== undefined && { conversationId }),
      })
    },
    rename: (id: string, title: string) => store.renameConversation(id, title),
    remove: (id: string) => store.removeConversation(id),
    clear: (workspace = 'w') => store.clearWorkspaceConversation(workspace),
    setUser: (user: string | null) => store.setUser(user),
    signOut: () => store.signOut(),
    flush: () => store.flush(),
    dispose: () => store.dispose(),
    onChange: (listener: () => void) => store.subscribe(listener),
    user: (): string | null => store.getState().userId ?? null,
    status: (): string => newNames.get(store.getState().status) ?? store.getState().status,
    current: (): string | null => store.getState().currentConversationId ?? null,
    /** What the history shows, newest first. */
    shown: (): readonly Row[] => store.getState().sessions.map(rowOf),
  }
}

/** What events and statuses of the first edition are called in the second. */
const newNames = new Map([
  ['resuming', 'opening'],
  ['lost', 'watching'],
  ['moved', 'conversation-redirected'],
  ['row-set-aside', 'row-quarantined'],
])

/** The adapter as an instance of a class has it: its methods are its prototype's. */
function asInstance(adapter: SessionAdapter): SessionAdapter {
  const { name, place, durability } = adapter
  return Object.assign(Object.create(adapter), { name, place, durability })
}

import { dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { supabaseAdapter } from '../../src/adapters/supabase/supabase-adapter.js'
import type { SessionChange } from '../../src/core/apply-change.js'
import type { Clock } from '../../src/core/clock.js'
import { epochKey, storageKey } from '../../src/core/keys-and-ids.js'
import type { ConversationSession } from '../../src/core/session.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { importLegacy } from '../../src/legacy/import-legacy.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import type { SessionStore } from '../../src/store/session-store.js'
import type { FakeTab } from '../../src/testing/fake-browser.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { session } from '../support/session.js'
import { type Device, type DevicePage, openDevice } from './device.js'
import { type CallFault, faulty } from './faulty.js'
import type { PageOptions, WorldOptions } from './world-options.js'

// The only file of these tests that names the store's API, its states and events, and the adapters' calls.

/** The key of the blob that older code reads and writes, and the prefix of all other keys. */
export const olderKey = 'claude-session-storage'

/** Devices, their pages and their storage, on one manual clock. */
export function openWorld({ adapter: kind = 'localStorage' }: WorldOptions = {}) {
  const manual = manualClock({ now: Date.UTC(2026, 0, 1) })
  const devices = new Map<string, Device>()
  const shared = memoryAdapter({ clock: ahead(manual) })
  let jumped = 0
  let ids = 0

  function deviceOf(name = 'desk'): Device {
    const device = devices.get(name) ?? openDevice(manual)
    devices.set(name, device)
    return device
  }

  /** The clock, `byMs` ahead. */
  function ahead(clock: Clock, byMs = 0): Clock {
    return { ...clock, now: () => clock.now() + jumped + byMs }
  }

  function adapterOf(page: Pick<DevicePage, 'storage' | 'events'>, clock = ahead(manual)): SessionAdapter {
    if (kind === 'localStorage') return localStorageAdapter({ ...page, now: clock.now })
    if (kind === 'memory') return shared
    if (kind !== 'account' && 'supabase' in kind) return supabaseAdapter({ client: kind.supabase, clock })
    if (kind !== 'account') return dexieAdapter({ ...kind.dexie, clock })
    const { list, get, remove, clear } = shared
    // An account ignores the epochs of devices.
    const save: SessionAdapter['save'] = (changes) => shared.save(changes.map((change) => ({ ...change, epoch: '' })))
    return { name: 'account', place: 'account', durability: 'committed', list, get, save, remove, clear }
  }

  /** Advances time. IndexedDB answers in real tasks, so each step waits for some. */
  async function pass(ms: number): Promise<void> {
    if (typeof kind === 'string' || !('dexie' in kind)) return manual.advance(ms)
    const steps = Math.min(200, Math.max(1, Math.ceil(ms / 500)))
    for (let step = 0; step < steps; step++) {
      await manual.advance(ms / steps)
      for (let task = 0; task < 30; task++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Advances time, then waits for the promise. */
  async function soon<T>(promise: Promise<T>, ms = 0): Promise<T> {
    promise.catch(() => {}) // awaited below
    await pass(ms)
    return promise
  }

  function openTab(tab: FakeTab, options: PageOptions) {
    return openIn(deviceOf(options.device).openPage(tab, options), options)
  }

  function openIn(own: DevicePage, options: PageOptions) {
    const { device, user, panel, openTimeoutMs, persistContent } = options
    const { clock = ahead(own.clock, options.clockAheadMs) } = options
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
      legacy: importLegacy(),
      onEvent: ({ type }) => events.push(type),
      ...(user !== undefined && { userId: user }),
      ...(panel !== undefined && { panel }),
      ...(openTimeoutMs !== undefined && { openTimeoutMs }),
      ...(persistContent !== undefined && { persistContent }),
      // A server may send anything.
      ...(options.initialSessions && {
        initialState: { sessions: options.initialSessions as readonly ConversationSession[] },
      }),
    })
    const page = {
      ...actionsOf(store),
      store,
      /** Set one to make that call of the adapter fail from now on. */
      faults,
      /** The types of the store's events. */
      events: events as readonly string[],
      /** Opens the workspace and advances time by the longest wait for a reloading page. */
      opened: (workspace?: string, conversationId?: string) => soon(page.open(workspace, conversationId), 2_500),
      /** Enters the back/forward cache. */
      sleep: own.sleep,
      /** Leaves the back/forward cache. */
      wake: own.wake,
      /** Reloads the tab: the next page of it. */
      reload(changed: PageOptions = {}) {
        const next = tab.reload()
        own.end()
        return openTab(next, { ...options, ...changed })
      },
      close(): void {
        tab.close()
        own.end()
      },
      /** Another store in the same document. */
      another: (changed: PageOptions = {}) => openIn(own, { ...options, ...changed }),
      clearLocalStorage: () => deviceOf(device).clearLocalStorage(own),
      sessionStorage: tab.sessionStorage,
    }
    return page
  }

  /** Uses a separate handle on the storage, then closes it. */
  async function withHandle<T>(use: (handle: SessionAdapter) => Promise<T>): Promise<T> {
    const tab = deviceOf().browser.openTab()
    const handle = adapterOf({ storage: tab.storage, events: tab.events })
    const used = await soon(use(handle))
    tab.crash()
    await handle.close?.()
    return used
  }

  async function rows(user = '', limit = 10_000): Promise<readonly Row[]> {
    return (await withHandle((handle) => handle.list(user, { limit }))).sessions.map(rowOf)
  }

  return {
    pass,
    soon,
    clock: manual,
    device: deviceOf,
    /** Moves all wall clocks. */
    jump(ms: number): void {
      jumped += ms
    },
    openPage: (options: PageOptions = {}) => openTab(deviceOf(options.device).browser.openTab(), options),
    rows,
    /** How many messages of the user are stored. */
    messages: async (user?: string) => (await rows(user)).reduce((sum, { messages }) => sum + messages, 0),
    /** Saves a row through a bare adapter, as an app's own code may. Returns whether it was accepted. */
    takes: (fields: Readonly<Record<string, unknown>>) =>
      withHandle((handle) =>
        handle.save([changeOf(Object.assign(session(), fields))]).then(
          (refusals) => refusals.length === 0,
          () => false,
        ),
      ),
    plant: (key: string, value: string) => deviceOf().browser.localStorage.setItem(key, value),
    /** Writes a stored row into localStorage. */
    plantRow(fields: Partial<ConversationSession> & { readonly conversationId: string }): void {
      const { conversationId, workspace, userId, startedAt, lastActivity, messageCount } = session(fields)
      const key = storageKey(olderKey, 'part', userId, workspace, conversationId, scope)
      const activity = { at: lastActivity, rank: lastActivity }
      const row = { schemaVersion: 1, epoch: '', startedAt, activity, messages: messageCount, scopes: [] }
      deviceOf().browser.localStorage.setItem(key, JSON.stringify(row))
    },
    /** Writes the user's sign-out mark on the device, as any script may. */
    plantSignOut: (value: string, user: string) =>
      deviceOf().browser.localStorage.setItem(epochKey(olderKey, user), value),
  }
}

export type Page = ReturnType<ReturnType<typeof openWorld>['openPage']>

/** A store on the real page, with the real clock and the default storage. */
export function openBareStore() {
  return actionsOf(createSessionStore({ adapter: localStorageAdapter() }))
}

const scope = 'bare-row'

/** What begins this session, unchecked. */
function changeOf(fields: ConversationSession): SessionChange {
  const { conversationId, workspace, userId, startedAt, lastActivity: rank, messageCount, tokenUsage } = fields
  const { lastMessagePreview, title } = fields
  return {
    conversationId,
    workspace,
    userId,
    epoch: '',
    begins: startedAt,
    activity: { at: rank, rank },
    counts: { [scope]: { messages: messageCount, ...(tokenUsage && { usage: tokenUsage }) } },
    ...(lastMessagePreview !== undefined && { preview: { text: lastMessagePreview, rank } }),
    ...(title !== undefined && { titles: { person: { text: title, rank } } }),
  }
}

/** The fields of a stored row that the tests compare. */
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

/** The store's actions and state. */
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
    status: (): string => store.getState().status,
    current: (): string | null => store.getState().currentConversationId ?? null,
    /** The rows of the history, newest first. */
    shown: (): readonly Row[] => store.getState().sessions.map(rowOf),
  }
}

/** The adapter as a class instance: its methods belong to its prototype. */
function asInstance(adapter: SessionAdapter): SessionAdapter {
  const { name, place, durability } = adapter
  return Object.assign(Object.create(adapter), { name, place, durability })
}

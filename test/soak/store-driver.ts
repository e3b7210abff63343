// The one file of the soak that knows the session store and its adapters: what the others ask for is in terms of the app.

import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { isLeftoffError } from '../../src/core/error.js'
import type { ConversationSession } from '../../src/core/session.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import { drafts } from '../../src/store/drafts.js'
import { guests } from '../../src/store/guests.js'
import type { SessionState } from '../../src/store/session-store.js'
import { guest } from './guest.js'
import type { Device, Page } from './page.js'
import type { StorageFaults, Verb } from './storage-faults.js'

export type StorageKind = 'localStorage' | 'dexie' | 'account'

/** A conversation as it is stored, or shown. */
export interface SoakRow {
  readonly conversationId: string
  readonly userId: string
  readonly workspace: string
  readonly messageCount: number
  readonly usage: readonly number[]
  readonly title: string | undefined
  readonly preview: string | undefined
}

/** What a page shows. */
export interface SoakView {
  /** `undefined` while nobody is signed in. */
  readonly userId: string | undefined
  /** `away`: another page has the conversation. */
  readonly status: 'idle' | 'opening' | 'ready' | 'degraded' | 'away'
  readonly current: { readonly conversationId: string; readonly workspace: string } | undefined
  /** What is open in each workspace, and whether this page has it, if the store tells. */
  readonly places?: readonly SoakPlace[]
  readonly sessions: readonly SoakRow[]
}

export interface SoakPlace {
  readonly workspace: string
  readonly conversationId: string
  readonly state: 'held' | 'away' | 'opening'
}

/** What an app does with a store. */
export interface SoakStore {
  open(workspace: string, conversationId?: string, options?: { createUnknown: boolean }): Promise<string>
  begin(workspace: string): string
  record(message: SoakMessage): void
  rename(conversationId: string, title: string): void
  remove(conversationId: string, undoMs?: number): Promise<void>
  restore(conversationId: string): boolean
  switchTo(conversationId: string): Promise<boolean>
  takeOver(): Promise<boolean>
  type(conversationId: string, text: string): void
  typed(conversationId: string): string
  clear(workspace?: string): Promise<void>
  signOut(): Promise<void>
  setUser(userId: string | undefined): Promise<void>
  /** Signs in, and claims what the guest did on the device. */
  claim(userId: string): Promise<void>
  flush(): Promise<void>
  dispose(): Promise<void>
  look(): SoakView
  /** Calls back whenever the view may have changed. */
  listen?(onChange: () => void): void
}

interface SoakMessage {
  readonly text: string
  readonly usage: readonly number[]
  readonly conversationId?: string
  readonly messageId?: string
}

/** The storage of one run. */
export interface SoakStorage {
  /** Shared by devices, so that signing out of one leaves the rows. */
  readonly isShared: boolean
  /** Whether a page that is hidden or left puts what is unsaved where the next one finds it, even while storage fails. */
  readonly hasJournal: boolean
  /** What is stored of a user, past all faults. Begins to read at once. */
  rows(device: Device, userId: string): Promise<readonly SoakRow[]>
  openStore(page: Page, options: OpenOptions): SoakStore
}

interface OpenOptions {
  readonly userId: string | undefined
  /** Names the store in its page. */
  readonly panel: string
  readonly faults: StorageFaults
  readonly clock: ReturnType<Page['createClock']>
  readonly createId: () => string
}

/** What an app may meet when it calls a store that has no user or was disposed. */
export const isAppError = (error: unknown): boolean =>
  isLeftoffError(error, 'no-user') || isLeftoffError(error, 'disposed') || isLeftoffError(error, 'signed-out')

/** The faults that each kind of storage can have. */
export const possibleFaults: Readonly<Record<StorageKind, readonly (readonly [Verb, string])[]>> = {
  localStorage: [
    ['save', 'reject'],
    ['remove', 'reject'],
    ['read', 'reject'],
    ['read', 'stale'],
  ],
  dexie: everyFault().filter(([, fault]) => fault !== 'stale' && fault !== 'late'),
  account: everyFault(),
}

function everyFault(): (readonly [Verb, string])[] {
  const verbs = ['read', 'save', 'remove'] as const
  const some = verbs.flatMap((verb) => ['reject', 'hang', 'slow'].map((fault) => [verb, fault] as const))
  return [...some, ['save', 'lose'], ['remove', 'lose'], ['save', 'late'], ['read', 'stale']]
}

const verbs: Readonly<Record<string, Verb>> = {
  list: 'read',
  get: 'read',
  epochOf: 'read',
  save: 'save',
  remove: 'remove',
  clear: 'remove',
  forget: 'remove',
}

const usageFields = ['input', 'output', 'cacheRead', 'cacheWrite'] as const
const wholeHistory = { limit: 1_000 }

export function createStorage(kind: StorageKind): SoakStorage {
  const open = adapters(kind)
  const readers = new Map<Device, SessionAdapter>()

  /** On localStorage a new one each time: no event tells it of what pages write. */
  function reader(device: Device): SessionAdapter {
    const known = (kind !== 'localStorage' && readers.get(device)) || open(undefined, device)
    readers.set(device, known)
    return known
  }

  return {
    isShared: kind === 'account',
    hasJournal: kind !== 'localStorage',
    rows: async (device, userId) => (await reader(device).list(userId, wholeHistory)).sessions.map(soakRow),
    openStore(page, { userId, panel, faults, clock, createId }) {
      const adapter = faults.wrap(open(page, page.device), verbs)
      const store = createSessionStore({
        userId: userId ?? null,
        panel,
        adapter,
        clock,
        createId,
        drafts: drafts(),
        guests: guests({ from: guest }),
        browser: page.browser,
      })
      return {
        open: (workspace, conversationId, options) =>
          store.initConversation(workspace, conversationId === undefined ? {} : { conversationId, ...options }),
        begin: store.newConversation,
        record: ({ usage: [input = 0, output = 0, cacheRead = 0, cacheWrite = 0], ...message }) =>
          store.recordMessage({ role: 'user', ...message, usage: { input, output, cacheRead, cacheWrite } }),
        rename: store.renameConversation,
        remove: (conversationId, undoMs = 0) => store.removeConversation(conversationId, { undoMs }),
        restore: store.restoreConversation,
        switchTo: async (conversationId) => (await store.switchConversation(conversationId)).ok,
        takeOver: () => store.takeOver(),
        type: store.setDraft,
        typed: store.draftOf,
        clear: (workspace) =>
          workspace === undefined ? store.clearAll() : store.clearWorkspaceConversation(workspace),
        signOut: store.signOut,
        setUser: (next) => store.setUser(next ?? null),
        claim: (next) => store.setUser(next, { claimGuest: true }),
        flush: store.flush,
        dispose: store.dispose,
        look: () => viewOf(store.getState()),
        listen: (onChange) => void store.subscribe(onChange),
      }
    },
  }
}

function viewOf({
  userId,
  status,
  currentConversationId,
  currentWorkspace,
  sessions,
  workspaces,
}: SessionState): SoakView {
  const isOpen = currentConversationId !== undefined && currentWorkspace !== undefined
  return {
    userId,
    status: status === 'watching' ? 'away' : status === 'signed-out' ? 'idle' : status,
    current: isOpen ? { conversationId: currentConversationId, workspace: currentWorkspace } : undefined,
    places: Object.entries(workspaces).flatMap(([workspace, { conversationId, status: at }]) => {
      const state = at === 'watching' ? ('away' as const) : at === 'opening' ? at : ('held' as const)
      return conversationId === undefined || at === 'idle' ? [] : [{ workspace, conversationId, state }]
    }),
    sessions: sessions.map(soakRow),
  }
}

function soakRow(row: ConversationSession): SoakRow {
  const { conversationId, userId, workspace, messageCount, tokenUsage, title, lastMessagePreview } = row
  const usage = usageFields.map((field) => tokenUsage?.[field] ?? 0)
  return { conversationId, userId, workspace, messageCount, usage, title, preview: lastMessagePreview }
}

/** A handle for a page, or for reading past all pages. */
function adapters(kind: StorageKind): (page: Page | undefined, device: Device) => SessionAdapter {
  if (kind === 'localStorage') {
    return (page, { browser }) => {
      if (!page) return localStorageAdapter({ storage: () => browser.localStorage, events: new EventTarget() })
      return localStorageAdapter({ storage: page.storage, events: page.events, now: page.createClock().now })
    }
  }
  if (kind === 'account') {
    const { forget: _forget, subscribe: _subscribe, epochOf: _epochOf, save, ...shared } = memoryAdapter()
    // An account adapter ignores epochs.
    const saveAnyEpoch: SessionAdapter['save'] = (changes) => save(changes.map((change) => ({ ...change, epoch: '' })))
    return () => ({ ...shared, save: saveAnyEpoch, name: 'account', place: 'account', durability: 'committed' })
  }
  const indexedDB = new IDBFactory()
  return (page) =>
    dexieAdapter({
      indexedDB,
      IDBKeyRange,
      ...(page && { clock: page.createClock(), createChannel: (name) => changeChannel(page, name) }),
    })
}

/** A BroadcastChannel of the page, for Dexie's handles. */
function changeChannel(page: Page, name: string) {
  const events = new EventTarget()
  const channel = page.browser.channel(name, (data) => void events.dispatchEvent(new MessageEvent('message', { data })))
  return {
    postMessage: (data: unknown): void => channel?.postMessage(data),
    close: (): void => channel?.close(),
    addEventListener: events.addEventListener.bind(events),
  }
}

import { createStore } from 'zustand/vanilla'
import { localStorageAdapter } from '../adapters/local-storage/local-storage-adapter.js'
import { systemClock } from '../core/clock.js'
import { createId as randomId } from '../core/create-id.js'
import { LeftoffError } from '../core/error.js'
import { defaultCapacity } from '../core/ring.js'
import type { SessionEvent } from '../core/session-event.js'
import { mergeUnsaved, type Unsaved, unsavedMessage } from '../core/unsaved.js'
import { type LifecycleEvent, realBrowser } from './browser.js'
import { contentFree } from './content-free.js'
import { createCurrentConversation } from './current-conversation.js'
import { createEventEmitter } from './event-emitter.js'
import { handled } from './handled.js'
import { createHistory } from './history.js'
import { createJournal } from './journal.js'
import { olderCode } from './older-code.js'
import { createPointers } from './pointers.js'
import { initialState, isSameState, listSessions } from './session-state.js'
import type { SessionState, SessionStore, SessionStoreOptions } from './session-store.js'

/** How many sessions over all workspaces the store keeps at hand. */
const historyLimit = 100
const maxTitleLength = 1_000

/**
 * The session store: which conversation this tab has, the user's history, and all that is done with them. A zustand vanilla
 * store; it touches nothing until the first action, so it can be created anywhere, on a server too.
 *
 * @example
 * ```ts
 * import { createSessionStore } from 'leftoff'
 *
 * const store = createSessionStore({ userId: 'u1' })
 * const conversationId = await store.initConversation('demo.alive.best')
 * store.recordMessage({ role: 'user', text: 'Hello' })
 * ```
 */
export function createSessionStore({
  name = 'claude-session-storage',
  adapter: givenAdapter,
  userId = '',
  workspace: defaultWorkspace,
  capacity = defaultCapacity,
  resume = 'latest',
  onEvent,
  snapshot = true,
  persistContent = true,
  retentionDays = 90,
  openTimeoutMs = 3_000,
  clock = systemClock,
  createId = randomId,
  browser = realBrowser,
}: SessionStoreOptions = {}): SessionStore {
  const storage = givenAdapter ?? localStorageAdapter({ name, now: clock.now })
  const adapter = persistContent ? storage : contentFree(storage)
  const api = createStore<SessionState>(() => initialState)
  const { emit: tell, on } = createEventEmitter()
  if (onEvent) on(onEvent)
  const older = olderCode(browser, name, { snapshot })
  const pointers = createPointers(name, () => browser.storage('sessionStorage'))
  const user = userId === null ? undefined : createUser(userId)

  /** Recorded before any conversation was open. */
  let early: Unsaved | undefined
  let isDegraded = false
  let isDisposed = false
  let stop: (() => void) | undefined

  function emit(event: SessionEvent): void {
    if (!isDisposed) tell(event)
  }

  /** For older code, which conversation is current. Never while none is: it may be another page's. */
  function keepSnapshot(): void {
    const state = api.getState()
    if (state.currentConversationId !== undefined) older.keepSnapshot(state)
  }

  /** All that belongs to one user. */
  function createUser(ofUser: string) {
    const history = createHistory({
      adapter,
      userId: ofUser,
      clock,
      createId,
      persistContent,
      journal: adapter.durability === 'committed' ? openJournal(ofUser) : undefined,
      limit: historyLimit,
      retentionDays,
      onChange: publish,
      onSaveFailed: (error) => emit({ type: 'save-failed', error }),
      onLost(conversationId) {
        if (conversationId === current.get()?.conversationId) current.replace()
        emit({ type: 'conversation-lost', conversationId })
      },
      onNewerVersion: (conversationId) => emit({ type: 'newer-version', conversationId, error: newer(conversationId) }),
      isCurrent: (conversationId) => conversationId === current.get()?.conversationId,
    })
    const current = createCurrentConversation({
      adapter,
      userId: ofUser,
      history,
      older,
      pointers,
      clock,
      createId,
      resume,
      capacity,
      openTimeoutMs,
      emit,
      onChange: publish,
      onCurrent() {
        const conversationId = current.get()?.conversationId
        if (early && conversationId !== undefined) history.record(conversationId, early)
        early = undefined
        publish()
        keepSnapshot()
      },
      isDisposed: () => isDisposed,
    })
    return { userId: ofUser, history, current }
  }

  function openJournal(ofUser: string) {
    let documentId: string | undefined
    return createJournal({
      name,
      userId: ofUser,
      documentId() {
        documentId ??= createId()
        return documentId
      },
      now: clock.now,
      storage: () => browser.storage('localStorage'),
    })
  }

  /** The user's part of the store, listening from now on. */
  function use(): NonNullable<typeof user> {
    if (isDisposed) throw new LeftoffError('disposed', 'This session store was disposed. Create another one.')
    if (!user) {
      throw new LeftoffError('no-user', 'The user is not known yet. Create the store with the userId once it is.')
    }
    if (!stop) {
      const offLifecycle = browser.onLifecycle(onLifecycle)
      const offReport = adapter.onReport?.(emit)
      stop = () => {
        offLifecycle()
        offReport?.()
      }
      user.history.start()
    }
    return user
  }

  function publish(): void {
    if (isDisposed || !user) return
    const { history, current } = user
    const trouble = history.trouble()
    const now = current.get()
    const previous = api.getState()
    const next: SessionState = {
      sessions: listSessions(history.records, previous.sessions),
      currentConversationId: now?.conversationId,
      currentWorkspace: now?.workspace,
      isResumed: now?.isResumed ?? false,
      status: current.isOpening() ? 'resuming' : !now ? 'idle' : trouble ? 'degraded' : 'ready',
      saving: history.saving(),
    }
    current.keepPointer()
    if (!isSameState(previous, next)) api.setState(next)
    const wasDegraded = isDegraded
    isDegraded = trouble !== undefined
    if (trouble && !wasDegraded) emit({ type: 'degraded', error: trouble })
    if (!trouble && wasDegraded) emit({ type: 'restored' })
  }

  function onLifecycle(event: LifecycleEvent): void {
    if (!user) return
    const { history, current } = user
    if (event === 'hidden' || event === 'pagehide') {
      history.park()
      keepSnapshot()
      return
    }
    if (history.saving().error) void history.flush()
    if (event === 'pageshow' || !adapter.subscribe || history.trouble()) void current.refresh()
  }

  function record(conversationId: string | undefined, change: Unsaved): void {
    const { history, current } = use()
    const id = conversationId ?? current.get()?.conversationId
    if (id === undefined) early = mergeUnsaved(early ?? {}, change)
    else history.record(id, change)
  }

  async function clear(workspace?: string): Promise<void> {
    const { userId: ofUser, history, current } = use()
    pointers.dropAll(ofUser, workspace)
    const cleared = history.clear(workspace)
    if (workspace === undefined || current.get()?.workspace === workspace) current.replace()
    await cleared
    keepSnapshot()
  }

  async function clearWorkspace(workspace: string): Promise<void> {
    checkName('workspace', workspace) // without one it would be all of them
    await clear(workspace)
  }

  return {
    capacity,
    getState: api.getState,
    getInitialState: api.getInitialState,
    subscribe: api.subscribe,
    on,

    async initConversation(workspace, { conversationId } = {}) {
      checkName('workspace', workspace)
      if (conversationId !== undefined) checkName('conversationId', conversationId)
      return use().current.open(workspace, conversationId)
    },

    newConversation(workspace = user?.current.get()?.workspace ?? defaultWorkspace) {
      const { current } = use()
      checkName('workspace', workspace)
      return current.begin(workspace)
    },

    switchConversation: async (conversationId) => use().current.switchTo(conversationId),

    updateActivity: (conversationId) => record(conversationId, { lastActivity: clock.now() }),

    recordMessage: ({ conversationId, ...message }) => record(conversationId, unsavedMessage(message, clock.now())),

    renameConversation: (conversationId, title) =>
      use().history.record(conversationId, { title: shortened(title) }, { isUrgent: true }),

    removeConversation(conversationId) {
      const { history, current } = use()
      const removed = history.remove(conversationId)
      if (conversationId === current.get()?.conversationId) current.replace()
      return removed
    },

    clearWorkspaceConversation: (workspace) => handled(clearWorkspace(workspace)),

    clearAll: () => handled(clear()),

    flush: () => use().history.flush(),

    async dispose() {
      if (isDisposed) return
      isDisposed = true
      stop?.()
      keepSnapshot()
      await user?.history.dispose()
      if (!givenAdapter) await adapter.close?.()
    },
  }
}

function checkName(what: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '' && value.length <= 512) return
  throw new LeftoffError('invalid-argument', `The ${what} must be a string of 1 to 512 characters.`)
}

/** What fits into a stored row, cut between characters. */
function shortened(title: string): string {
  return [...title.trim()].slice(0, maxTitleLength).join('')
}

function newer(conversationId: string): LeftoffError {
  return new LeftoffError(
    'newer-version',
    `Conversation ${conversationId} was stored by a newer version of leftoff. It is shown but not saved; reload the page to update.`,
  )
}

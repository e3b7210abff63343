import { createStore } from 'zustand/vanilla'
import { localStorageAdapter } from '../adapters/local-storage/local-storage-adapter.js'
import { systemClock } from '../core/clock.js'
import { createId as randomId } from '../core/create-id.js'
import { LeftoffError } from '../core/error.js'
import { defaultCapacity } from '../core/ring.js'
import type { SessionEvent } from '../core/session-event.js'
import { mergeUnsaved, type Unsaved, unsavedMessage, withoutContent } from '../core/unsaved.js'
import { storageKey } from '../core/web-storage.js'
import { type ClaimChannel, type LifecycleEvent, realBrowser } from './browser.js'
import { contentFree } from './content-free.js'
import { createEventEmitter } from './event-emitter.js'
import { handled } from './handled.js'
import { olderCode } from './older-code.js'
import { isSameState, stateBefore, stateOf } from './session-state.js'
import type { SessionState, SessionStore, SessionStoreOptions } from './session-store.js'
import { createSessionUser, type SessionUser } from './session-user.js'
import { createSignOuts } from './sign-outs.js'

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
  initialState,
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
  const { emit: tell, on } = createEventEmitter()
  if (onEvent) on(onEvent)
  const older = olderCode(browser, name, { snapshot })
  const signOuts = createSignOuts(name, browser, clock.now)
  /** For the first user only: one who comes back may have signed out since. */
  let given = initialState?.sessions ?? []
  let user = userId === null ? undefined : createUser(userId)
  const api = createStore<SessionState>(() => stateBefore(user))

  /** Recorded before any conversation was open. */
  let early: Unsaved | undefined
  let isDegraded = false
  let isDisposed = false
  let stop: (() => void) | undefined
  let channel: ClaimChannel | undefined
  /** Users whose last saves, or whose removal, are still under way. */
  let leaving: Promise<unknown> = Promise.resolve()

  function emit(event: SessionEvent): void {
    if (!isDisposed) tell(event)
  }

  /** For older code, which conversation is current. Never while none is: it may be another page's. */
  function keepSnapshot(): void {
    const state = api.getState()
    if (state.currentConversationId !== undefined) older.keepSnapshot(state)
  }

  function createUser(ofUser: string): SessionUser {
    const created: SessionUser = createSessionUser({
      name,
      adapter,
      userId: ofUser,
      browser,
      clock,
      createId,
      older,
      signOuts,
      persistContent,
      retentionDays,
      resume,
      capacity,
      openTimeoutMs,
      emit,
      onChange: publish,
      onCurrent() {
        const conversationId = created.current.get()?.conversationId
        if (early && conversationId !== undefined) created.history.record(conversationId, early)
        early = undefined
        publish()
        keepSnapshot()
      },
      onSignedOut() {
        if (user === created) void handled(forget(created))
      },
    })
    for (const row of given) {
      if (row.userId === ofUser) created.history.adopt(persistContent ? row : withoutContent(row))
    }
    given = []
    return created
  }

  /** The user's part of the store, listening from now on. */
  function use(): SessionUser {
    if (isDisposed) throw new LeftoffError('disposed', 'This session store was disposed. Create another one.')
    if (!user) {
      throw new LeftoffError('no-user', 'The user is not known yet. Tell the store with setUser(userId) once it is.')
    }
    listen()
    user.start()
    return user
  }

  function listen(): void {
    if (stop) return
    const offLifecycle = browser.onLifecycle(onLifecycle)
    const offReport = adapter.onReport?.(emit)
    openChannel()
    stop = () => {
      offLifecycle()
      offReport?.()
      closeChannel()
    }
  }

  /** For what cannot wait until the next write: another tab signs out. */
  function openChannel(): void {
    channel ??= browser.channel(storageKey(name, 'sign-outs'), () => {
      if (user) void handled(forget(user))
    })
  }

  /** An open channel may keep a page out of the back/forward cache. */
  function closeChannel(): void {
    channel?.close()
    channel = undefined
  }

  /** Shows the next user, or nobody, before anything of the one before is waited for. */
  function replaceUser(next: SessionUser | undefined, leave: Promise<void>): Promise<void> {
    user = next
    early = undefined
    isDegraded = false
    const left = Promise.all([leaving, leave]).then(() => {})
    leaving = left.catch(() => {})
    api.setState(stateBefore(next))
    return left
  }

  /** Everything of the user goes from this device. An app without users begins anew where it was. */
  function forget(gone: SessionUser): Promise<void> {
    const workspace = gone.current.get()?.workspace
    const next = gone.userId === '' ? createUser('') : undefined
    const forgotten = replaceUser(next, gone.forget())
    if (next && workspace !== undefined) {
      void leaving.then(() => {
        if (user === next && !isDisposed) return use().current.open(workspace, undefined)
      })
    }
    return forgotten
  }

  function publish(): void {
    if (isDisposed || !user) return
    const trouble = user.history.trouble()
    const previous = api.getState()
    const next = stateOf(user, previous)
    user.current.keepPointer()
    if (!isSameState(previous, next)) api.setState(next)
    const wasDegraded = isDegraded
    isDegraded = trouble !== undefined
    if (trouble && !wasDegraded) emit({ type: 'degraded', error: trouble })
    if (!trouble && wasDegraded) emit({ type: 'restored' })
  }

  function onLifecycle(event: LifecycleEvent): void {
    if (event === 'pagehide') closeChannel()
    if (event === 'pageshow') openChannel()
    if (!user) return
    if (event === 'pageshow') user.onPageShow()
    else if (event === 'visible' || event === 'resume') user.onVisible()
    else {
      if (event === 'hidden') user.onHidden()
      else user.onPageHide()
      if (user.check()) keepSnapshot()
    }
  }

  function record(conversationId: string | undefined, change: Unsaved): void {
    const { history, current } = use()
    const id = conversationId ?? current.get()?.conversationId
    if (id === undefined) early = mergeUnsaved(early ?? {}, change)
    else {
      history.record(id, change)
      const known = history.records.get(id)
      if (known) user?.claimForSave(known.row)
    }
  }

  async function clear(workspace?: string): Promise<void> {
    const { history, current, dropPointers } = use()
    dropPointers(workspace)
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

    setUser(next) {
      const id = next ?? undefined
      if (isDisposed) throw new LeftoffError('disposed', 'This session store was disposed. Create another one.')
      if (id === user?.userId) return leaving.then(() => {})
      return handled(replaceUser(id === undefined ? undefined : createUser(id), user?.leave() ?? Promise.resolve()))
    },

    signOut() {
      if (isDisposed) throw new LeftoffError('disposed', 'This session store was disposed. Create another one.')
      if (!user) return leaving.then(() => {})
      use() // so that it knows what it signs out of
      signOuts.raise()
      channel?.postMessage('signed-out')
      return handled(forget(user))
    },

    flush: () => use().history.flush(),

    async dispose() {
      if (isDisposed) return
      isDisposed = true
      stop?.()
      keepSnapshot()
      await Promise.all([leaving, user?.leave()])
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

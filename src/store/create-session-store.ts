import { maxWorkspaceBytes, requireId } from '../core/checks.js'
import { ignoreRejection, nowMs, systemClock } from '../core/clock.js'
import { createId as randomId } from '../core/keys-and-ids.js'
import { defaultCapacity } from '../core/ring.js'
import { boundedAdapter } from './bounded-adapter.js'
import { realBrowser } from './browser.js'
import type { StoreContext } from './context.js'
import { pageStorage } from './device-keys.js'
import {
  adopt,
  nextRank,
  type Recorded,
  readInitialSessions,
  recordedMessage,
  recordedTitle,
  wholeCount,
  workspaceOf,
} from './history.js'
import { beginConversation, openWorkspace, replaceLost, switchTo } from './opening.js'
import { loadMore, readOnce } from './reading.js'
import { clearConversations, removeConversation, restoreConversation } from './removing.js'
import { enqueue, flush, saveNow, saveSoon } from './saving.js'
import type { SessionStore, SessionStoreOptions } from './session-store.js'
import { createEventEmitter } from './state.js'
import { storeShell } from './store-shell.js'
import { type User, withoutOption } from './user.js'
import { takeOver } from './watching.js'

/**
 * The session store: which conversation this tab has, the user's history, and everything that is done with them. A zustand vanilla
 * store; it touches nothing until the first action, so it can be created anywhere, on a server too.
 *
 * @example
 * ```ts
 * import { createSessionStore, localStorageAdapter } from 'leftoff'
 *
 * const store = createSessionStore({ adapter: localStorageAdapter(), userId: 'u1' })
 * const conversationId = await store.initConversation('demo.alive.best')
 * store.recordMessage({ role: 'user', text: 'Hello' })
 * ```
 */
export function createSessionStore({
  name = 'claude-session-storage',
  panel = '',
  adapter,
  userId = '',
  initialState,
  workspace: defaultWorkspace,
  capacity = defaultCapacity,
  resume = 'latest',
  whenOpenElsewhere = 'watch',
  onEvent,
  snapshot = true,
  persistContent = true,
  drafts,
  legacy,
  guests,
  maxConversations = 1_000,
  openTimeoutMs = 3_000,
  clock = systemClock,
  createId = randomId,
  browser = realBrowser,
}: SessionStoreOptions): SessionStore {
  const events = createEventEmitter()
  if (onEvent) events.on(onEvent)
  const context: StoreContext = {
    name,
    panel,
    adapter: boundedAdapter(adapter, clock, persistContent),
    browser,
    storage: pageStorage(browser),
    clock,
    createId,
    resume,
    whenOpenElsewhere,
    capacity,
    openTimeoutMs,
    maxConversations,
    defaultWorkspace,
    keepsContent: persistContent,
    drafts,
    legacy,
    guests,
    emit: (event) => shell.send(event),
    publish: () => shell.publish(),
  }
  const shell = storeShell(context, {
    userId,
    snapshot,
    fill(user) {
      for (const row of readInitialSessions(initialState, user.userId)) {
        const { title: _title, lastMessagePreview: _preview, ...bare } = row
        adopt(user, persistContent ? row : bare)
      }
    },
    emit: events.emit,
  })

  function record(
    conversationId: string | undefined,
    workspace: string | undefined,
    recorded: (user: User) => Recorded,
    save = saveSoon,
  ): void {
    const user = shell.use()
    if (conversationId !== undefined) requireId('conversationId', conversationId)
    if (workspace !== undefined) checkedWorkspace(workspace)
    enqueue(user, conversationId, workspace, recorded(user), save)
    shell.publish()
  }

  async function clear(workspace: string | undefined): Promise<void> {
    await clearConversations(shell.use(), workspace)
    shell.keepSnapshot()
  }

  function checkedWorkspace(workspace: unknown): string {
    requireId('workspace', workspace, maxWorkspaceBytes)
    return workspace
  }

  function draftsOf(): NonNullable<typeof drafts> {
    if (drafts) return drafts
    throw withoutOption('keeps no drafts', 'drafts')
  }

  return {
    capacity,
    getState: shell.state.read,
    getInitialState: shell.state.initial,
    subscribe: shell.state.subscribe,
    on: events.on,
    stateOf: (workspace) =>
      shell.state.read().workspaces[workspace] ?? { conversationId: undefined, status: 'idle', isResumed: false },

    initConversation(workspace, options = {}) {
      return attempt(async () => {
        checkedWorkspace(workspace)
        if (options.conversationId !== undefined) requireId('conversationId', options.conversationId)
        const user = shell.use()
        const id = await openWorkspace(user, workspace, options)
        readOnce(user)
        return id
      })
    },

    newConversation(workspace) {
      const user = shell.use()
      const wanted = checkedWorkspace(workspace ?? user.wantedWorkspace ?? user.currentWorkspace ?? defaultWorkspace)
      const id = beginConversation(user, wanted)
      readOnce(user)
      shell.keepSnapshot()
      return id
    },

    switchConversation: (conversationId) =>
      attempt(async () => {
        requireId('conversationId', conversationId)
        const result = await switchTo(shell.use(), conversationId)
        shell.keepSnapshot()
        return result === 'ok' ? { ok: true } : { ok: false, reason: result }
      }),

    takeOver: (workspace) =>
      attempt(async () => {
        const user = shell.use()
        const wanted = workspace ?? user.currentWorkspace
        return wanted !== undefined && takeOver(user, wanted)
      }),

    updateActivity: (conversationId) =>
      record(conversationId, undefined, (user) => ({
        activity: { at: nowMs(user.context.clock), rank: nextRank(user) },
      })),

    recordMessage: ({ conversationId, workspace, at, ...message }) =>
      record(conversationId, workspace, (user) => {
        const now = nowMs(user.context.clock)
        const saidAt = at === undefined ? undefined : Math.min(wholeCount(at), now)
        return recordedMessage(message, {
          at: saidAt ?? now,
          rank: saidAt ?? nextRank(user),
          isNew: saidAt === undefined,
          keepsContent: persistContent,
        })
      }),

    renameConversation(conversationId, title, { by = 'person' } = {}) {
      requireId('conversationId', conversationId)
      if (persistContent) record(conversationId, undefined, (user) => recordedTitle(title, by, nextRank(user)), saveNow)
    },

    removeConversation: (conversationId, { undoMs = 0 } = {}) =>
      attempt(async () => {
        const user = shell.use()
        const removed = removeConversation(user, conversationId, undoMs)
        replaceLost(user, conversationId)
        shell.publish()
        await removed
      }),

    restoreConversation: (conversationId) => {
      const isRestored = restoreConversation(shell.use(), conversationId)
      shell.publish()
      return isRestored
    },

    clearWorkspaceConversation: (workspace) =>
      attempt(async () => {
        checkedWorkspace(workspace) // without one it would be all of them
        await clear(workspace)
      }),

    clearAll: () => attempt(() => clear(undefined)),

    loadMore: (workspace) => attempt(async () => loadMore(shell.use(), workspace)),

    draftOf(conversationId) {
      const user = shell.use()
      return draftsOf().read(user, conversationId, user.claims.get(conversationId)?.state === 'held')
    },

    setDraft(conversationId, text) {
      const user = shell.use()
      draftsOf().write(user, conversationId, workspaceOf(user, conversationId), text)
    },

    setUser: (next, { claimGuest = false } = {}) => ignoreRejection(shell.setUser(next ?? undefined, claimGuest)),
    signOut: ({ keepHistory = false } = {}) => ignoreRejection(shell.signOut(keepHistory)),

    flush: () => attempt(() => flush(shell.use())),
    dispose: () => shell.dispose(),
  }
}

/** Runs an action whose failure is also reported by an event or the state, so that it may be ignored. */
function attempt<T>(run: () => Promise<T>): Promise<T> {
  return ignoreRejection(run())
}

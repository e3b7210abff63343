import { useMemo, useSyncExternalStore } from 'react'
import { historyRing } from '../core/ring.js'
import type { ConversationSession } from '../core/session.js'
import type { SavingState, SessionActions, SessionState } from '../store/session-store.js'
import { useSessionStore } from './session-context.js'

/** What `select` takes from the state; renders again when that changes. It must return the same reference for the same state. */
export function useSessionState<T>(select: (state: SessionState) => T): T {
  const store = useSessionStore()
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.getState()),
    () => select(store.getInitialState()),
  )
}

/**
 * The id of the current conversation, `undefined` until one is open.
 *
 * @example
 * ```tsx
 * import { useConversationId } from 'leftoff/react'
 *
 * export function ConversationId() {
 *   return <code>{useConversationId()}</code>
 * }
 * ```
 */
export function useConversationId(): string | undefined {
  return useSessionState(conversationIdOf)
}

/**
 * The current workspace, `undefined` until a conversation is open.
 *
 * @example
 * ```tsx
 * import { useCurrentWorkspace } from 'leftoff/react'
 *
 * export function WorkspaceName() {
 *   return <h1>{useCurrentWorkspace()}</h1>
 * }
 * ```
 */
export function useCurrentWorkspace(): string | undefined {
  return useSessionState(workspaceOf)
}

/**
 * The user's sessions, newest activity first; with a workspace, its history ring.
 *
 * @example
 * ```tsx
 * import { useSessions } from 'leftoff/react'
 *
 * export function History({ workspace }: { workspace: string }) {
 *   return useSessions(workspace).map((session) => <p key={session.conversationId}>{session.lastMessagePreview}</p>)
 * }
 * ```
 */
export function useSessions(workspace?: string): readonly ConversationSession[] {
  const { capacity } = useSessionStore()
  const sessions = useSessionState(sessionsOf)
  return useMemo(
    () => (workspace === undefined ? sessions : historyRing(sessions, { workspace, capacity })),
    [sessions, workspace, capacity],
  )
}

/**
 * Whether storage works, and how far saving is.
 *
 * @example
 * ```tsx
 * import { useSessionStatus } from 'leftoff/react'
 *
 * export function StorageNotice() {
 *   const { status } = useSessionStatus()
 *   return status === 'degraded' ? <p role="status">This chat is kept in this page only for now.</p> : null
 * }
 * ```
 */
export function useSessionStatus(): { readonly status: SessionState['status']; readonly saving: SavingState } {
  const status = useSessionState(statusOf)
  const saving = useSessionState(savingOf)
  return useMemo(() => ({ status, saving }), [status, saving])
}

/**
 * All actions, as one object that stays the same.
 *
 * @example
 * ```tsx
 * import { useSessionActions } from 'leftoff/react'
 *
 * export function RemoveButton({ conversationId }: { conversationId: string }) {
 *   const { removeConversation } = useSessionActions()
 *   return <button onClick={() => removeConversation(conversationId)}>Remove</button>
 * }
 * ```
 */
export function useSessionActions(): SessionActions {
  return useSessionStore()
}

const conversationIdOf = (state: SessionState) => state.currentConversationId
const workspaceOf = (state: SessionState) => state.currentWorkspace
const sessionsOf = (state: SessionState) => state.sessions
const statusOf = (state: SessionState) => state.status
const savingOf = (state: SessionState) => state.saving

import { useMemo } from 'react'
import type { ConversationSession } from '../core/session.js'
import type { SessionActions, SessionState } from '../store/session-store.js'
import {
  useConversationId,
  useCurrentWorkspace,
  useSessionActions,
  useSessionState,
  useSessions,
} from './state-hooks.js'

/** One conversation of {@link useSessionHistory}. */
export interface SessionHistoryItem {
  readonly session: ConversationSession
  readonly isCurrent: boolean
  /** Another live tab of this browser has it open. */
  readonly isOpenElsewhere: boolean
}

/** What {@link useSessionHistory} returns: the history, and what a person does with it. */
export interface SessionHistoryResult
  extends Pick<SessionActions, 'switchConversation' | 'renameConversation' | 'removeConversation'> {
  /** Newest activity first. */
  readonly items: readonly SessionHistoryItem[]
  /** Whether a conversation is open. Until then an empty list says nothing. */
  readonly isInitialized: boolean
}

/**
 * The history ring of a workspace, the current one when omitted, with what is open where: all that a history panel needs
 * but the markup.
 *
 * @example
 * ```tsx
 * import { useSessionHistory } from 'leftoff/react'
 *
 * export function History() {
 *   const { items, switchConversation } = useSessionHistory()
 *   return items.map(({ session, isCurrent, isOpenElsewhere }) => (
 *     <button
 *       key={session.conversationId}
 *       aria-current={isCurrent}
 *       disabled={isOpenElsewhere}
 *       onClick={() => switchConversation(session.conversationId)}
 *     >
 *       {session.title ?? session.lastMessagePreview}
 *     </button>
 *   ))
 * }
 * ```
 */
export function useSessionHistory(workspace?: string): SessionHistoryResult {
  const currentWorkspace = useCurrentWorkspace()
  const currentId = useConversationId()
  const openElsewhere = useSessionState(openElsewhereOf)
  const sessions = useSessions(workspace ?? currentWorkspace ?? '')
  const { switchConversation, renameConversation, removeConversation } = useSessionActions()

  return useMemo(
    () => ({
      items: sessions.map((session) => ({
        session,
        isCurrent: session.conversationId === currentId,
        isOpenElsewhere: openElsewhere.includes(session.conversationId),
      })),
      isInitialized: currentId !== undefined,
      switchConversation,
      renameConversation,
      removeConversation,
    }),
    [sessions, currentId, openElsewhere, switchConversation, renameConversation, removeConversation],
  )
}

const openElsewhereOf = (state: SessionState) => state.openElsewhere

import { useCallback, useMemo, useState } from 'react'
import { historyRing } from '../core/ring.js'
import type { ConversationSession } from '../core/session.js'
import type { SessionActions, SessionState, SessionStore } from '../store/session-store.js'
import { useSessionStore } from './session-context.js'
import { useConversationId, useCurrentWorkspace, useSessionState, useSessions } from './state-hooks.js'

/** Options of {@link useSessionHistory}. */
export interface SessionHistoryOptions {
  /** The current workspace when omitted. */
  readonly workspace?: string | undefined
  /** How many conversations are shown first, and how many `loadMore` adds; the store's `capacity` when omitted. */
  readonly pageSize?: number | undefined
}

/** One conversation of {@link useSessionHistory}. */
export interface SessionHistoryItem {
  readonly session: ConversationSession
  readonly isCurrent: boolean
  /** Another live tab of this browser has it open. */
  readonly isOpenElsewhere: boolean
}

/** What {@link useSessionHistory} returns: the history, and what a person does with it. */
export interface SessionHistoryResult
  extends Pick<
    SessionActions,
    'switchConversation' | 'renameConversation' | 'removeConversation' | 'restoreConversation'
  > {
  /** Newest activity first. */
  readonly items: readonly SessionHistoryItem[]
  /** Whether there are older ones that `loadMore` would show. */
  readonly hasMore: boolean
  /** Shows the next page, from storage if need be. Rejects if that fails. */
  readonly loadMore: () => Promise<void>
  /** Whether a conversation is open. Until then an empty list says nothing. */
  readonly isInitialized: boolean
}

/**
 * The history of a workspace, page by page, with what is open where: all that a history panel needs but the markup.
 *
 * @example
 * ```tsx
 * import { useSessionHistory } from 'leftoff/react'
 *
 * export function History() {
 *   const { items, hasMore, loadMore, switchConversation } = useSessionHistory({ pageSize: 30 })
 *   return (
 *     <>
 *       {items.map(({ session, isCurrent, isOpenElsewhere }) => (
 *         <button
 *           key={session.conversationId}
 *           aria-current={isCurrent}
 *           onClick={() => switchConversation(session.conversationId)}
 *         >
 *           {session.title ?? session.lastMessagePreview} {isOpenElsewhere && '(open in another tab)'}
 *         </button>
 *       ))}
 *       {hasMore && <button onClick={() => loadMore()}>Show more</button>}
 *     </>
 *   )
 * }
 * ```
 */
export function useSessionHistory(options: string | SessionHistoryOptions = {}): SessionHistoryResult {
  const store = useSessionStore()
  const { workspace: given, pageSize = store.capacity } = typeof options === 'string' ? { workspace: options } : options
  const current = useCurrentWorkspace()
  const workspace = given ?? current ?? ''
  const currentId = useConversationId()
  const openElsewhere = useSessionState(openElsewhereOf)
  const sessions = useSessions()
  const hasOlder = useSessionState(hasMoreOf)
  const userId = useSessionState(userIdOf)
  const [paged, setPaged] = useState<Paged>()
  const isPaged = paged?.store === store && paged.userId === userId && paged.workspace === workspace
  const shown = isPaged ? Math.max(paged.shown, pageSize) : pageSize
  const isAll = isPaged && paged.isAll

  const loadMore = useCallback(async () => {
    const wanted = shown + pageSize
    const isEnough = () => historyRing(store.getState().sessions, { workspace, capacity: wanted + 1 }).length > wanted
    let mayHaveMore = !isAll && store.getState().hasMore
    while (mayHaveMore && !isEnough()) mayHaveMore = await store.loadMore(workspace)
    // Who has seen all keeps all: a conversation that another tab begins puts the oldest on no page of its own.
    const isWhole = !mayHaveMore && !isEnough()
    setPaged({ store, userId, workspace, shown: isWhole ? Number.POSITIVE_INFINITY : wanted, isAll: !mayHaveMore })
  }, [store, userId, workspace, shown, pageSize, isAll])

  return useMemo(() => {
    const ring = historyRing(sessions, { workspace, capacity: shown + 1 })
    return {
      items: ring.slice(0, shown).map((session) => ({
        session,
        isCurrent: session.conversationId === currentId,
        isOpenElsewhere: openElsewhere.includes(session.conversationId),
      })),
      hasMore: ring.length > shown || (hasOlder && !isAll),
      loadMore,
      isInitialized: currentId !== undefined,
      switchConversation: store.switchConversation,
      renameConversation: store.renameConversation,
      removeConversation: store.removeConversation,
      restoreConversation: store.restoreConversation,
    }
  }, [store, sessions, workspace, shown, hasOlder, isAll, currentId, openElsewhere, loadMore])
}

/** How far the history of a user's workspace was paged. */
interface Paged {
  readonly store: SessionStore
  readonly userId: string | undefined
  readonly workspace: string
  readonly shown: number
  /** Storage has no older ones than those in the state. */
  readonly isAll: boolean
}

const openElsewhereOf = (state: SessionState) => state.openElsewhere
const hasMoreOf = (state: SessionState) => state.hasMore
const userIdOf = (state: SessionState) => state.userId

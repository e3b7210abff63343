import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { isLeftoffError } from '../core/error.js'
import type { RecordedMessage } from '../store/history.js'
import type { SessionState, SessionStatus, SessionStore } from '../store/session-store.js'
import { useSessionStore } from './session-context.js'
import { useSessionState } from './state-hooks.js'
import { useLatest } from './use-latest.js'

/** Options of {@link useConversationSession}. */
export interface ConversationSessionOptions {
  /** Nothing is opened while this is `false`. */
  readonly mounted?: boolean
  /** The conversation to open, such as from a link. */
  readonly conversationId?: string | undefined
  /** Whether to create the conversation under this id if storage does not know it. */
  readonly createUnknown?: boolean
  /**
   * Called with each id that becomes current, and when an id was asked for that is not: keeps the URL in step. Push a new entry
   * for `chosen`, replace the entry otherwise, so that Back leads to the conversation before.
   */
  readonly onConversationIdChange?: (conversationId: string, change: ConversationIdChange) => void
}

/** Why a conversation id became current. */
export interface ConversationIdChange {
  /**
   * `opened`: the workspace opened with it, or keeps it because the one that was asked for cannot be opened. `chosen`: a person
   * began it or switched to it. `replaced`: the conversation before it is gone.
   */
  readonly reason: 'opened' | 'chosen' | 'replaced'
}

/** What {@link useConversationSession} returns. `isInitialized` says whether the id is known. */
export type ConversationSessionResult = ConversationSessionHandlers &
  (
    | { readonly isInitialized: true; readonly conversationId: string }
    | { readonly isInitialized: false; readonly conversationId: undefined }
  )

/** The part of the result that is there from the first render. */
export interface ConversationSessionHandlers {
  /** `''` in an app without users, `undefined` while no user is known. */
  readonly userId: string | undefined
  readonly workspace: string | undefined
  readonly status: SessionStatus
  /** Whether the conversation is an earlier one that came back. */
  readonly isResumed: boolean
  /** With status `watching`: takes the conversation over from the tab that has it. Resolves to whether it is this tab's now. */
  readonly takeOver: () => Promise<boolean>
  /** Begins a new conversation in this workspace; returns its id. Throws `invalid-argument` while there is no workspace. */
  readonly startNewConversation: () => string
  /** Moves the conversation this render showed to the top of the history. */
  readonly markActivity: () => void
  /** Counts one whole message of the conversation this render showed. */
  readonly recordMessage: (message: RecordedMessage) => void
}

/**
 * The conversation of a workspace: resumed after a reload, created on the first visit. Opens after hydration and whenever
 * `workspace` changes; does nothing while `workspace` is empty.
 *
 * @example
 * ```tsx
 * import { useConversationSession } from 'leftoff/react'
 *
 * export function Chat({ workspace }: { workspace: string }) {
 *   const { conversationId, isInitialized } = useConversationSession(workspace)
 *   return isInitialized ? <p>Conversation {conversationId}</p> : <p>Opening …</p>
 * }
 * ```
 */
export function useConversationSession(
  workspace: string | null | undefined,
  options: boolean | ConversationSessionOptions = true,
): ConversationSessionResult {
  const {
    mounted = true,
    conversationId: asked,
    createUnknown = false,
    onConversationIdChange,
  } = typeof options === 'object' ? options : { mounted: options }
  const store = useSessionStore()
  const userId = useSessionState(userIdOf)
  const here = useSessionState(useCallback((state: SessionState) => state.workspaces[workspace ?? ''], [workspace]))
  const overall = useSessionState(statusOf)
  // What was opened last: from then on this render's wish is fulfilled, also where another conversation came of it.
  const [opened, setOpened] = useState<Opened>()
  const [failed, setFailed] = useState<{ readonly workspace: string; readonly error: unknown }>()
  const isOpened =
    opened?.store === store && opened.userId === userId && opened.workspace === workspace && opened.asked === asked
  // A new conversation's id comes back here, such as through the URL. That is no wish: a person may have begun another one before
  // the effect runs.
  const isThere = mounted && asked !== undefined && asked === here?.conversationId && here.status !== 'opening'
  if (isThere && !isOpened && workspace && userId !== undefined) setOpened({ store, userId, workspace, asked })
  const wasThere = useLatest(isThere)

  useEffect(() => {
    if (!workspace || !mounted || userId === undefined) return
    let isLatest = true
    const wish = asked === undefined || wasThere.current ? {} : { conversationId: asked, createUnknown }
    store.initConversation(workspace, wish).then(
      () => {
        if (isLatest) setOpened({ store, userId, workspace, asked })
      },
      (error: unknown) => {
        if (isLatest && !isEnded(error)) setFailed({ workspace, error })
      },
    )
    return () => {
      isLatest = false
    }
  }, [store, userId, workspace, mounted, asked, createUnknown, wasThere])

  // Opening what is open already changes nothing, so that need not be waited for.
  const isOpen = mounted && (isOpened || asked === undefined || asked === here?.conversationId)
  const conversationId = isOpen ? here?.conversationId : undefined

  const isChosen = here?.isChosen ?? false
  const tellIdChange = useLatest(onConversationIdChange)
  const told = useRef<Told>(undefined)
  useEffect(() => {
    if (!workspace || userId === undefined || conversationId === undefined) return
    const last = told.current
    const before = last?.userId === userId && last.workspace === workspace ? last : undefined
    const isSame = before?.conversationId === conversationId
    told.current = { userId, workspace, conversationId, asked }
    // What is asked for by an id that was told is in step already.
    if (isSame && (asked === conversationId || asked === before.asked)) return
    const isOpening = !before || isSame || asked === conversationId
    tellIdChange.current?.(conversationId, { reason: isOpening ? 'opened' : isChosen ? 'chosen' : 'replaced' })
  }, [userId, workspace, conversationId, asked, isChosen, tellIdChange])

  const status = here?.status ?? (overall === 'signed-out' ? overall : 'idle')
  const isResumed = here?.isResumed ?? false
  const result = useMemo(() => {
    // Acts on the conversation of this render; before one is open, on the one that opens in its workspace.
    const target = conversationId === undefined ? (workspace ? { workspace } : {}) : { conversationId }
    const common = {
      userId,
      workspace: workspace ?? undefined,
      status,
      takeOver: () => store.takeOver(workspace ?? undefined),
      startNewConversation: () => store.newConversation(workspace ?? ''),
      markActivity: () => unlessEnded(() => conversationId !== undefined && store.updateActivity(conversationId)),
      recordMessage: (message: RecordedMessage) => unlessEnded(() => store.recordMessage({ ...message, ...target })),
    }
    return conversationId !== undefined
      ? ({ ...common, isInitialized: true, isResumed, conversationId } as const)
      : ({ ...common, isInitialized: false, isResumed: false, conversationId: undefined } as const)
  }, [store, userId, workspace, conversationId, isResumed, status])

  // A mistake of the app's, such as a workspace that no store would take: for the nearest error boundary.
  if (failed && failed.workspace === workspace) throw failed.error
  return result
}

interface Opened {
  readonly store: SessionStore
  readonly userId: string
  readonly workspace: string
  readonly asked: string | undefined
}

/** What `onConversationIdChange` was called with last. */
interface Told {
  readonly userId: string
  readonly workspace: string
  readonly conversationId: string
  readonly asked: string | undefined
}

/** A disposed store is replaced by its provider; a user who signed out is not this render's any more. */
function isEnded(error: unknown): boolean {
  return isLeftoffError(error, 'no-user') || isLeftoffError(error, 'disposed') || isLeftoffError(error, 'signed-out')
}

function unlessEnded(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!isLeftoffError(error, 'disposed')) throw error
  }
}

const userIdOf = (state: SessionState) => state.userId
const statusOf = (state: SessionState) => state.status

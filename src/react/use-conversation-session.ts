import { useEffect, useMemo, useRef, useState } from 'react'
import { isLeftoffError } from '../core/error.js'
import type { RecordedMessage } from '../core/unsaved.js'
import type { SessionState, SessionStore } from '../store/session-store.js'
import { useSessionStore } from './session-context.js'
import { useConversationId, useCurrentWorkspace, useSessionState } from './state-hooks.js'
import { useLatest } from './use-latest.js'

/** Options of {@link useConversationSession}. */
export interface ConversationSessionOptions {
  /** Nothing is opened while this is `false`. */
  readonly mounted?: boolean
  /** The conversation to open, such as from a link; created under this id if unknown. */
  readonly conversationId?: string
  /** Told of each id that becomes current, such as to keep the URL in step. */
  readonly onConversationIdChange?: (conversationId: string) => void
}

/** What {@link useConversationSession} returns. `isInitialized` tells whether the ids are there. */
export type ConversationSessionResult = ConversationSessionHandlers &
  (
    | { readonly isInitialized: true; readonly conversationId: string; readonly tabId: string }
    | { readonly isInitialized: false; readonly conversationId: undefined; readonly tabId: undefined }
  )

/** The part of the result that is there from the first render. */
export interface ConversationSessionHandlers {
  /** Whether the conversation is an earlier one that came back. */
  readonly isResumed: boolean
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
    onConversationIdChange,
  } = typeof options === 'object' ? options : { mounted: options }
  const store = useSessionStore()
  const currentId = useConversationId()
  const currentWorkspace = useCurrentWorkspace()
  const tabId = useSessionState(tabIdOf)
  const isResumed = useSessionState(isResumedOf)
  const userId = useSessionState(userIdOf)
  // What was opened last: from then on this render's wish is fulfilled, also where another conversation came of it.
  const [opened, setOpened] = useState<Opened>()
  const [failed, setFailed] = useState<{ readonly workspace: string; readonly error: unknown }>()
  const inbox = useRef<Inbox>({ opened: new Map(), waiting: [] })

  useEffect(() => {
    if (!workspace || !mounted || userId === undefined) return
    let isLatest = true
    store.initConversation(workspace, asked === undefined ? {} : { conversationId: asked }).then(
      (conversationId) => {
        deliver(inbox.current, keyOf(userId, workspace, asked), conversationId)
        if (isLatest) setOpened({ store, userId, workspace, asked })
      },
      (error: unknown) => {
        if (isLatest && !isNotOpen(error)) setFailed({ workspace, error })
      },
    )
    return () => {
      isLatest = false
    }
  }, [store, userId, workspace, mounted, asked])

  const isOpened =
    opened?.store === store && opened.userId === userId && opened.workspace === workspace && opened.asked === asked
  // Opening what is current already changes nothing, so that need not be waited for: a new conversation's id comes back here
  // through the URL.
  const isOpen = mounted && currentWorkspace === workspace && (isOpened || asked === undefined || asked === currentId)
  const conversationId = isOpen ? currentId : undefined

  const tellIdChange = useLatest(onConversationIdChange)
  useEffect(() => {
    if (conversationId !== undefined) tellIdChange.current?.(conversationId)
  }, [conversationId, tellIdChange])

  const result = useMemo(() => {
    /** Acts on the conversation of this render; before one is open, on the one that opens for it. */
    function act(run: (conversationId: string) => void): void {
      const own = (id: string): void => {
        try {
          run(id)
        } catch (error) {
          if (!isNotOpen(error)) throw error
        }
      }
      if (conversationId !== undefined) own(conversationId)
      else if (workspace && mounted) receive(inbox.current, keyOf(userId, workspace, asked), own)
    }
    const handlers = {
      startNewConversation: () => store.newConversation(workspace ?? ''),
      markActivity: () => act((id) => store.updateActivity(id)),
      recordMessage: (message: RecordedMessage) => act((id) => store.recordMessage({ ...message, conversationId: id })),
    }
    return conversationId !== undefined && tabId !== undefined
      ? ({ ...handlers, isInitialized: true, isResumed, conversationId, tabId } as const)
      : ({ ...handlers, isInitialized: false, isResumed: false, conversationId: undefined, tabId: undefined } as const)
  }, [store, userId, workspace, mounted, asked, conversationId, tabId, isResumed])

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

/** What handlers of renders without a conversation had to say, and where it went. */
interface Inbox {
  readonly opened: Map<string, string>
  waiting: readonly { readonly key: string; readonly run: (conversationId: string) => void }[]
}

/** What one user had to say is never delivered as another's. */
function keyOf(userId: string | undefined, workspace: string, asked: string | undefined): string {
  return JSON.stringify([userId, workspace, asked])
}

function deliver(inbox: Inbox, key: string, conversationId: string): void {
  inbox.opened.set(key, conversationId)
  const due = inbox.waiting.filter((message) => message.key === key)
  inbox.waiting = inbox.waiting.filter((message) => message.key !== key)
  for (const { run } of due) run(conversationId)
}

function receive(inbox: Inbox, key: string, run: (conversationId: string) => void): void {
  const conversationId = inbox.opened.get(key)
  if (conversationId === undefined) inbox.waiting = [...inbox.waiting, { key, run }]
  else run(conversationId)
}

/** Without a user there is nothing to open yet; a disposed store is replaced by its provider. */
function isNotOpen(error: unknown): boolean {
  return isLeftoffError(error, 'no-user') || isLeftoffError(error, 'disposed')
}

const userIdOf = (state: SessionState) => state.userId
const isResumedOf = (state: SessionState) => state.isResumed

function tabIdOf({ sessions, currentConversationId }: SessionState): string | undefined {
  return sessions.find(({ conversationId }) => conversationId === currentConversationId)?.tabId ?? currentConversationId
}

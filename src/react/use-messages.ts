import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { TurnClient } from '../turns/turn-client.js'
import { readingThreads } from './reading-threads.js'
import { useSessionStore } from './session-context.js'
import { createThread } from './thread.js'
import type { LoadMessages } from './thread-state.js'
import { emptyView, type ThreadView } from './thread-view.js'
import type { ConversationSessionResult } from './use-conversation-session.js'
import { useLatest } from './use-latest.js'

/** Options of {@link useMessages}. */
export interface MessagesOptions {
  /** Made once, outside of components. */
  readonly client: TurnClient
  /** Loads what the app stores of the conversation, oldest first; `signal` aborts when it is no longer wanted. */
  readonly load: LoadMessages
}

/** What {@link useMessages} returns. */
export interface MessagesResult extends ThreadView {
  /** Sends a message: a text, unless the handler's `input` says otherwise. */
  readonly send: (message: unknown, options?: { readonly fresh?: boolean }) => void
  /** Stops the answer, on whichever server it is written. */
  readonly stop: () => void
  /**
   * Sends a question again: the one of a notice or message with this id, else the last one. Where the messages could not be
   * loaded, it loads them.
   */
  readonly retry: (id?: string, options?: { readonly fresh?: boolean }) => void
}

/**
 * The messages of a conversation: what the app has stored, and the answer that is being written, also after a reload and in
 * another tab. Counts each message once, under its id.
 *
 * @example
 * ```tsx
 * import { createTurnClient } from 'leftoff'
 * import { useConversationSession, useMessages } from 'leftoff/react'
 *
 * const client = createTurnClient({ api: '/api/turn' })
 *
 * export function Chat({ workspace }: { workspace: string }) {
 *   const conversation = useConversationSession(workspace)
 *   const { messages, send } = useMessages(conversation, {
 *     client,
 *     load: async ({ conversationId, signal }) => (await fetch(`/api/messages/${conversationId}`, { signal })).json(),
 *   })
 *   return (
 *     <form action={(form) => send(String(form.get('message')))}>
 *       {messages.map(({ id, text }) => <p key={id}>{text}</p>)}
 *       <input name="message" autoComplete="off" />
 *     </form>
 *   )
 * }
 * ```
 */
export function useMessages(
  { userId, workspace, conversationId }: ConversationSessionResult,
  { client, load }: MessagesOptions,
): MessagesResult {
  const store = useSessionStore()
  const latestLoad = useLatest(load)
  const thread = useMemo(() => {
    if (userId === undefined || workspace === undefined || conversationId === undefined) return undefined
    const conversation = { userId, workspace, conversationId }
    return readingThreads(store).find(client, conversation) ?? createThread(client, conversation, store)
  }, [client, store, userId, workspace, conversationId])
  useEffect(() => thread?.open((conversation) => latestLoad.current(conversation)), [thread, latestLoad])
  const view = useSyncExternalStore(thread?.subscribe ?? nothing, thread?.getView ?? noView, noView)

  return useMemo(
    () => ({
      ...view,
      send: (message, options) => thread?.send(message, options),
      stop: () => thread?.stop(),
      retry: (id, options) => thread?.retry(id, options),
    }),
    [thread, view],
  )
}

const nothing = () => () => {}
const noView = () => emptyView

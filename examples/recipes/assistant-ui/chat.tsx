import {
  type AppendMessage,
  AssistantRuntimeProvider,
  ComposerPrimitive,
  MessagePrimitive,
  ThreadListItemPrimitive,
  ThreadListPrimitive,
  ThreadPrimitive,
  useExternalStoreRuntime,
} from '@assistant-ui/react'
import { useConversationSession, useSessionActions, useSessions } from 'leftoff/react'
import { type ChatMessage, type OpenConversation, useChat } from '../plain-fetch/use-chat.js'
import { useMessages } from '../plain-fetch/use-messages.js'

export function Chat({ workspace }: { readonly workspace: string }) {
  const session = useConversationSession(workspace)
  const earlier = useMessages(session.conversationId)
  if (!session.isInitialized || !earlier) return <p role="status">Opening …</p>
  return <Conversation key={session.conversationId} open={{ ...session, workspace }} earlier={earlier} />
}

/** assistant-ui draws it; leftoff is its list of threads, and the messages are yours. */
function Conversation({
  open,
  earlier,
}: {
  readonly open: OpenConversation
  readonly earlier: readonly ChatMessage[]
}) {
  const { messages, answer, notice, send } = useChat(open, earlier)
  const sessions = useSessions(open.workspace)
  const { newConversation, switchConversation, renameConversation, removeConversation } = useSessionActions()
  const isRunning = answer !== undefined
  const shown: readonly ChatMessage[] = isRunning ? [...messages, { role: 'assistant', text: answer }] : messages

  const runtime = useExternalStoreRuntime({
    isRunning,
    messages: shown,
    convertMessage: ({ role, text }: ChatMessage, index) => ({ id: `${index}`, role, content: text }),
    onNew: ({ content }: AppendMessage) =>
      send(content.map((part) => (part.type === 'text' ? part.text : '')).join('')),
    adapters: {
      threadList: {
        threadId: open.conversationId,
        threads: sessions.map(({ conversationId, title, lastMessagePreview }) => ({
          id: conversationId,
          status: 'regular',
          title: title ?? lastMessagePreview,
        })),
        onSwitchToNewThread: () => void newConversation(open.workspace),
        // One that is open in another tab is watched here: `status` is `watching` until `takeOver()`.
        onSwitchToThread: async (id) => void (await switchConversation(id)),
        onRename: (id, title) => renameConversation(id, title),
        onDelete: (id) => removeConversation(id),
      },
    },
  })

  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <ThreadListPrimitive.Root>
        <ThreadListPrimitive.New>New chat</ThreadListPrimitive.New>
        <ThreadListPrimitive.Items components={{ ThreadListItem }} />
      </ThreadListPrimitive.Root>
      <ThreadPrimitive.Root>
        <ThreadPrimitive.Viewport role="log">
          <ThreadPrimitive.Messages components={{ Message }} />
        </ThreadPrimitive.Viewport>
        <p role="status">{notice}</p>
        <ComposerPrimitive.Root>
          <ComposerPrimitive.Input aria-label="Message" />
          <ComposerPrimitive.Send>Send</ComposerPrimitive.Send>
        </ComposerPrimitive.Root>
      </ThreadPrimitive.Root>
    </AssistantRuntimeProvider>
  )
}

function Message() {
  return (
    <MessagePrimitive.Root>
      <MessagePrimitive.Parts />
    </MessagePrimitive.Root>
  )
}

function ThreadListItem() {
  return (
    <ThreadListItemPrimitive.Root>
      <ThreadListItemPrimitive.Trigger>
        <ThreadListItemPrimitive.Title fallback="New chat" />
      </ThreadListItemPrimitive.Trigger>
    </ThreadListItemPrimitive.Root>
  )
}

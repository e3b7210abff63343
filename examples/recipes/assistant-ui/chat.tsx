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
import { type ThreadMessage, useConversationSession, useMessages, useSessionActions, useSessions } from 'leftoff/react'
import { client, load } from '../react/messages.js'

/** assistant-ui draws it; leftoff is its list of threads, and the messages are yours. */
export function Chat({ workspace }: { readonly workspace: string }) {
  const conversation = useConversationSession(workspace)
  const { messages, status, notices, send, stop } = useMessages(conversation, { client, load })
  const sessions = useSessions(workspace)
  const { newConversation, switchConversation, renameConversation, removeConversation } = useSessionActions()

  const runtime = useExternalStoreRuntime({
    isRunning: status === 'sending' || status === 'answering',
    isDisabled: status === 'loading' || conversation.status === 'watching',
    messages,
    convertMessage: ({ id, role, text }: ThreadMessage) => ({ id, role, content: text }),
    onNew: async ({ content }: AppendMessage) =>
      send(content.map((part) => (part.type === 'text' ? part.text : '')).join('')),
    onCancel: async () => stop(),
    adapters: {
      threadList: {
        ...(conversation.conversationId !== undefined && { threadId: conversation.conversationId }),
        threads: sessions.map(({ conversationId, title, lastMessagePreview }) => ({
          id: conversationId,
          status: 'regular',
          title: title ?? lastMessagePreview,
        })),
        onSwitchToNewThread: () => void newConversation(workspace),
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
        {notices.map(({ id, text }) => (
          <p key={id} role="status">
            {text}
          </p>
        ))}
        <ComposerPrimitive.Root>
          <ComposerPrimitive.Input aria-label="Message" autoComplete="off" />
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

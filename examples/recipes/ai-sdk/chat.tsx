import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport } from 'ai'
import { NewChatButton, useConversationSession, useSessionActions } from 'leftoff/react'
import { useState } from 'react'
import { useMessages } from '../plain-fetch/use-messages.js'
import { type ChatUIMessage, textOf } from './messages.js'

export function Chat({ workspace }: { readonly workspace: string }) {
  const session = useConversationSession(workspace)
  const earlier = useMessages(session.conversationId)
  return (
    <>
      <NewChatButton>New chat</NewChatButton>
      {session.isInitialized && earlier ? (
        // The key: useChat keeps what it was given first for as long as it is mounted.
        <Conversation
          key={session.conversationId}
          workspace={workspace}
          conversationId={session.conversationId}
          earlier={earlier.map(({ role, text }, index) => ({
            id: `${index}`,
            role,
            parts: [{ type: 'text', text }],
          }))}
        />
      ) : (
        <p role="status">Opening …</p>
      )}
    </>
  )
}

function Conversation({
  workspace,
  conversationId,
  earlier,
}: {
  readonly workspace: string
  readonly conversationId: string
  readonly earlier: ChatUIMessage[]
}) {
  const { recordMessage } = useSessionActions()
  const [draft, setDraft] = useState('')
  const [transport] = useState(
    () =>
      new DefaultChatTransport<ChatUIMessage>({
        api: '/api/chat',
        // The new message only: the agent has the earlier ones in its session.
        prepareSendMessagesRequest({ messages }) {
          const last = messages.at(-1)
          return { body: { workspace, conversationId, message: last ? textOf(last) : '' } }
        },
      }),
  )
  const { messages, sendMessage, status, error, stop } = useChat<ChatUIMessage>({
    id: conversationId,
    messages: earlier,
    transport,
    onFinish({ message }) {
      const text = textOf(message)
      const usage = message.metadata?.usage
      if (text) recordMessage({ role: 'assistant', text, conversationId, ...(usage && { usage }) })
    },
  })
  const isAnswering = status === 'submitted' || status === 'streaming'

  function send(): void {
    recordMessage({ role: 'user', text: draft, conversationId })
    void sendMessage({ text: draft })
    setDraft('')
  }

  return (
    <form action={send}>
      <output>{conversationId}</output>
      <ol role="log">
        {messages.map((message) => (
          <li key={message.id} data-role={message.role}>
            {message.parts.some((part) => part.type === 'data-recovered' && part.data.contextLost) && (
              <em role="status">The agent lost the earlier context.</em>
            )}
            <p>{textOf(message)}</p>
          </li>
        ))}
      </ol>
      {error && <p role="alert">{error.message}</p>}
      <input aria-label="Message" value={draft} onChange={(event) => setDraft(event.target.value)} required />
      {isAnswering ? (
        <button type="button" onClick={() => void stop()}>
          Stop
        </button>
      ) : (
        <button type="submit">Send</button>
      )}
    </form>
  )
}

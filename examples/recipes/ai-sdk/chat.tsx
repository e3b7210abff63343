import { useChat } from '@ai-sdk/react'
import type { UIMessage } from 'ai'
import { chatTransport } from 'leftoff/ai-sdk'
import { NewChatButton, useConversationSession, useSessionActions } from 'leftoff/react'
import { useEffect, useState } from 'react'

type Message = UIMessage<unknown, { recovered: { contextLost: boolean } }>

/** What your server stores, by the ids that `onQuestion` and `onAnswer` get. */
async function load(conversationId: string, signal: AbortSignal): Promise<Message[]> {
  const response = await fetch(`/api/messages/${encodeURIComponent(conversationId)}`, { signal })
  const messages: { id: string; role: 'user' | 'assistant'; text: string }[] = await response.json()
  return messages.map(({ id, role, text }) => ({ id, role, parts: [{ type: 'text', text }] }))
}

/** Its route is route.ts beside it, or ../../routes/turns.ts for an agent with sessions. */
export function Chat({ workspace }: { readonly workspace: string }) {
  const session = useConversationSession(workspace)
  const [transport] = useState(() => chatTransport<Message>({ api: '/api/turn', workspace }))
  const { conversationId } = session
  const [loaded, setLoaded] = useState<{ readonly of: string; readonly messages: Message[] }>()
  useEffect(() => {
    if (conversationId === undefined) return
    const left = new AbortController()
    load(conversationId, left.signal).then(
      (messages) => setLoaded({ of: conversationId, messages }),
      () => {}, // left
    )
    return () => left.abort()
  }, [conversationId])
  return (
    <>
      <NewChatButton>New chat</NewChatButton>
      {conversationId !== undefined && loaded?.of === conversationId ? (
        <Conversation key={conversationId} {...{ conversationId, transport }} earlier={loaded.messages} />
      ) : (
        <p role="status">Opening …</p>
      )}
    </>
  )
}

interface ConversationProps {
  readonly conversationId: string
  readonly transport: ReturnType<typeof chatTransport<Message>>
  readonly earlier: Message[]
}

/** Its key is the conversation's id: `useChat` keeps what it was given first for as long as it is mounted. */
function Conversation({ conversationId, transport, earlier }: ConversationProps) {
  const { recordMessage } = useSessionActions()
  const [draft, setDraft] = useState('')
  const { messages, sendMessage, status, error } = useChat({
    id: conversationId,
    messages: earlier,
    transport,
    resume: true,
    onFinish: ({ message }) =>
      recordMessage({ role: 'assistant', text: textOf(message), conversationId, messageId: message.id }),
  })
  const question = messages.findLast(({ role }) => role === 'user')
  useEffect(() => {
    // Counted once under its id, however often this runs.
    if (question) {
      const text = textOf(question)
      recordMessage({ role: 'user', text, conversationId, messageId: question.id })
    }
  }, [question, recordMessage, conversationId])
  const isAnswering = status === 'submitted' || status === 'streaming'

  function send(): void {
    void sendMessage({ text: draft })
    setDraft('')
  }

  return (
    <form action={send}>
      <output>{conversationId}</output>
      <ol role="log" data-status={status}>
        {messages.map((message) => (
          <li key={message.id} data-role={message.role} data-id={message.id}>
            {message.parts.some((part) => part.type === 'data-recovered' && part.data.contextLost) && (
              <em role="status">The agent no longer knows the earlier messages of this conversation.</em>
            )}
            {textOf(message)}
          </li>
        ))}
      </ol>
      {error && <p role="alert">{error.message}</p>}
      <input aria-label="Message" value={draft} onChange={(event) => setDraft(event.target.value)} required />
      {isAnswering ? (
        <button type="button" onClick={() => void transport.stop(conversationId)}>
          Stop
        </button>
      ) : (
        <button type="submit">Send</button>
      )}
    </form>
  )
}

function textOf({ parts }: Message): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

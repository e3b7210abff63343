import { useChat } from '@ai-sdk/react'
import type { UIMessage } from 'ai'
import { chatTransport } from 'leftoff/ai-sdk'
import { NewChatButton, useConversationSession, useSessionActions } from 'leftoff/react'
import { useEffect, useState } from 'react'

const workspace = 'ai-sdk-turns'
const transport = chatTransport<UIMessage>({ api: '/api/ai-turn', workspace })

/** What your server stores, by the ids that `onQuestion` and `onAnswer` are told. */
async function load(conversationId: string, signal?: AbortSignal): Promise<UIMessage[]> {
  const response = await fetch(`/api/ai-messages/${encodeURIComponent(conversationId)}`, signal ? { signal } : {})
  return response.json()
}

export function Chat() {
  const session = useConversationSession(workspace)
  const { conversationId } = session
  const [loaded, setLoaded] = useState<{ readonly of: string; readonly messages: UIMessage[] }>()
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
        <Conversation key={conversationId} conversationId={conversationId} earlier={loaded.messages} />
      ) : (
        <p role="status">Opening …</p>
      )}
    </>
  )
}

function Conversation({ conversationId, earlier }: { readonly conversationId: string; readonly earlier: UIMessage[] }) {
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

function textOf({ parts }: UIMessage): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

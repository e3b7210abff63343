import { useConversationSession } from 'leftoff/react'
import { type SubmitEvent, useEffect, useState } from 'react'

/** A chat page as many have it: it works, and each reload starts another conversation. */
export function ChatPage({ workspace }: { readonly workspace: string }) {
  const [mounted, setMounted] = useState(false)
  const { conversationId, startNewConversation, markActivity } = useConversationSession(workspace, mounted)
  const [messages, setMessages] = useMessages(mounted ? conversationId : undefined)
  const [draft, setDraft] = useState('')

  useEffect(() => setMounted(true), [])
  useEffect(() => void (messages.length > 0 && markActivity()), [messages, markActivity])

  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    setDraft('')
    setMessages((all) => [...all, { id: crypto.randomUUID(), role: 'user', text: draft }])
    const response = await fetch('/api/chat', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ workspace, conversationId, message: draft }),
    })
    const answer = await response.text()
    setMessages((all) => [...all, { id: crypto.randomUUID(), role: 'assistant', text: answer }])
  }

  if (!conversationId) return <p>Loading…</p>
  return (
    <main>
      <h1>{workspace}</h1>
      <button type="button" onClick={() => startNewConversation()}>
        New chat
      </button>
      <ol>
        {messages.map(({ id, role, text }) => (
          <li key={id} data-role={role}>
            {text}
          </li>
        ))}
      </ol>
      <form onSubmit={send}>
        <input
          aria-label="Message"
          autoComplete="off"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
        <button type="submit" disabled={draft.trim() === ''}>
          Send
        </button>
      </form>
    </main>
  )
}

interface Message {
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly text: string
}

/** The messages that the server keeps; none while there is no conversation yet. */
function useMessages(conversationId: string | undefined) {
  const [messages, setMessages] = useState<readonly Message[]>([])
  useEffect(() => {
    if (conversationId === undefined) return
    const left = new AbortController()
    setMessages([])
    fetch(`/api/conversations/${conversationId}/messages`, { signal: left.signal })
      .then((response) => response.json())
      .then((body) => setMessages(body.messages))
      .catch(() => undefined)
    return () => left.abort()
  }, [conversationId])
  return [messages, setMessages] as const
}

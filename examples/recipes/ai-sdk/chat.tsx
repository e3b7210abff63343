import { useChat } from '@ai-sdk/react'
import { chatTransport } from 'leftoff/ai-sdk'
import {
  NewChatButton,
  SessionHistory,
  SessionNotice,
  useConversationSession,
  useSessionActions,
  useSessionEvent,
} from 'leftoff/react'
import { useEffect, useRef, useState } from 'react'
import type { Message } from './your-app.js'

/** What your server stores: `messagesOf` in your-app.ts. */
async function load(conversationId: string, signal: AbortSignal): Promise<Message[]> {
  const response = await fetch(`/api/messages/${encodeURIComponent(conversationId)}`, { signal })
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}

/** Its route is route.ts beside it, or ../../routes/turns.ts for an agent with sessions. */
export function Chat({ workspace }: { readonly workspace: string }) {
  const { conversationId, status } = useConversationSession(workspace)
  const { recordMessage } = useSessionActions()
  const [transport] = useState(() => chatTransport<Message>({ api: '/api/turn', workspace, recordMessage }))
  return (
    <>
      <NewChatButton>New chat</NewChatButton>
      <SessionHistory />
      <SessionNotice />
      {conversationId !== undefined && (
        <Loading key={conversationId} {...{ conversationId, transport }} isWatching={status === 'watching'} />
      )}
    </>
  )
}

interface ConversationProps {
  readonly conversationId: string
  readonly transport: ReturnType<typeof chatTransport<Message>>
  /** Another tab has it. */
  readonly isWatching: boolean
}

/** `useChat` keeps what it was given first, so the messages are loaded before it is mounted. */
function Loading(props: ConversationProps) {
  const { conversationId } = props
  const [earlier, setEarlier] = useState<Message[] | 'failed'>()
  useEffect(() => {
    if (earlier !== undefined) return
    const left = new AbortController()
    load(conversationId, left.signal).then(setEarlier, () => left.signal.aborted || setEarlier('failed'))
    return () => left.abort()
  }, [conversationId, earlier])
  if (earlier === undefined) return <p role="status">Opening …</p>
  if (earlier !== 'failed') return <Conversation {...props} earlier={earlier} />
  return (
    <p role="alert">
      The messages could not be loaded.{' '}
      <button type="button" onClick={() => setEarlier(undefined)}>
        Try again
      </button>
    </p>
  )
}

function Conversation({
  conversationId,
  transport,
  isWatching,
  earlier,
}: ConversationProps & { readonly earlier: Message[] }) {
  const { recordMessage } = useSessionActions()
  const [draft, setDraft] = useState('')
  const [changes, setChanges] = useState(0)
  const followed = useRef(0)
  const { messages, setMessages, sendMessage, regenerate, resumeStream, status, error } = useChat<Message>({
    id: conversationId,
    messages: earlier,
    transport,
    resume: true,
  })
  const isAnswering = status === 'submitted' || status === 'streaming'

  useSessionEvent((event) => {
    if (event.type === 'conversation-changed' && event.conversationId === conversationId)
      setChanges((before) => before + 1)
  })
  // Loaded again when no answer is read: after each answer, when another tab changed something, and when nothing was left to
  // resume, because the answer may have ended after the first load. What is shown stays: it may have parts that are not stored.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `changes` and `isWatching` are reasons to load again
  useEffect(() => {
    if (status !== 'ready') return
    const left = new AbortController()
    load(conversationId, left.signal)
      .then((stored) => {
        if (left.signal.aborted) return
        setMessages((shown) => stored.map((message) => shown.find(({ id }) => id === message.id) ?? message))
        // What was said while no page looked is counted now. A row remembers at least the last eight ids: those count once.
        for (const message of stored.slice(-8)) {
          const { id: messageId, role, metadata } = message
          if (role === 'system') continue
          recordMessage({ role, text: textOf(message), conversationId, messageId, at: metadata?.at ?? 0 })
        }
        // Another tab or device may have asked something: its answer is followed.
        if (followed.current === changes) return
        followed.current = changes
        void resumeStream()
      })
      .catch(() => {}) // what is shown stays, and is loaded again after the next answer
    return () => left.abort()
  }, [status, changes, isWatching, conversationId, setMessages, recordMessage, resumeStream])

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
            {message.metadata?.outcome === 'failed' && ' (failed)'}
          </li>
        ))}
      </ol>
      {error && (
        <p role="alert">
          {error.message}{' '}
          <button type="button" onClick={() => void regenerate()}>
            Try again
          </button>
        </p>
      )}
      <input
        aria-label="Message"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        required
        readOnly={isWatching}
      />
      {isAnswering ? (
        <button type="button" onClick={() => void transport.stop(conversationId)}>
          Stop
        </button>
      ) : (
        <button type="submit" disabled={isWatching}>
          Send
        </button>
      )}
    </form>
  )
}

function textOf({ parts }: Message): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

// `useChat` for the conversation that this tab has. Copy it, and change `load` and `api` to your routes.

import { useChat } from '@ai-sdk/react'
import { isLeftoffError, type LeftoffErrorCode } from 'leftoff'
import { chatTransport } from 'leftoff/ai-sdk'
import { useConversationSession, useSessionActions, useSessionEvent } from 'leftoff/react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Message } from './your-app.js'

/** What your server stores, oldest first: `messagesOf` in your-app.ts. */
async function load(conversationId: string, signal: AbortSignal): Promise<Message[]> {
  const response = await fetch(`/api/messages/${encodeURIComponent(conversationId)}`, { signal })
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}

/** What a person reads. An error that comes in the middle of an answer has no code. */
const sentences: Partial<Record<LeftoffErrorCode, string>> = {
  'turn-busy': 'Another answer of this conversation is being written. Wait until it ends, then try again.',
  'turn-interrupted': 'The answer was interrupted.',
  'signed-out': 'Sign in, then try again.',
  unreachable: 'The server cannot be reached.',
}

/** All that `useChat` returns, and what the page needs besides. */
export function useLeftoffChat(workspace: string) {
  const { conversationId = '', status: tabStatus } = useConversationSession(workspace)
  const { recordMessage } = useSessionActions()
  const transport = useMemo(
    () => chatTransport<Message>({ api: '/api/turn', workspace, recordMessage }),
    [workspace, recordMessage],
  )
  const chat = useChat<Message>({ id: conversationId, transport })
  const { messages, status, error, setMessages, regenerate, resumeStream, clearError } = chat
  const isAnswering = status === 'submitted' || status === 'streaming'
  const isWatching = tabStatus === 'watching' // another tab has it
  const [changes, setChanges] = useState(0)
  const followed = useRef('')
  // `current`: nothing runs, and what is stored was loaded after that.
  const [loaded, setLoaded] = useState<{ of: string; state: 'failed' | 'shown' | 'current' }>()
  const state = loaded?.of === conversationId ? loaded.state : 'opening'

  useSessionEvent((event) => {
    if (event.type === 'conversation-changed' && event.conversationId === conversationId)
      setChanges((before) => before + 1)
  })

  // Loads whenever no answer is read: at first, after each answer, and when another tab changed something.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `isWatching` is a reason to load again
  useEffect(() => {
    if (conversationId === '' || isAnswering) return
    const left = new AbortController()
    const { signal } = left

    async function show(): Promise<void> {
      const stored = await load(conversationId, signal)
      if (signal.aborted) return
      let last: Message | undefined
      setMessages((shown) => {
        const joined = join(stored, shown, status === 'error')
        last = joined.at(-1)
        return joined
      })
      if (!isUnanswered(last)) clearError() // another tab's retry may have succeeded
      // What was said while no page looked is counted now. A row remembers at least the last eight ids: those count once.
      for (const message of stored.slice(-8)) {
        const { id: messageId, role, metadata } = message
        if (role === 'system') continue
        recordMessage({ role, text: textOf(message), conversationId, messageId, at: metadata?.at ?? 0 })
      }
    }

    async function sync(): Promise<void> {
      await show()
      if (signal.aborted) return
      setLoaded({ of: conversationId, state: 'shown' })
      const reason = `${conversationId} ${changes}`
      if (followed.current !== reason) {
        followed.current = reason
        await resumeStream() // reads the answer that is being written, also one that another tab asked for
        // Nothing is being written, but an answer may have ended since the messages were loaded.
        if (!signal.aborted) await show()
      }
      if (!signal.aborted) setLoaded({ of: conversationId, state: 'current' })
    }

    // What is shown stays if it cannot be loaded again.
    const failed = { of: conversationId, state: 'failed' } as const
    sync().catch(() => signal.aborted || setLoaded((before) => (before?.of === conversationId ? before : failed)))
    return () => {
      left.abort()
      setLoaded((before) => (before?.state === 'current' ? { ...before, state: 'shown' } : before))
    }
  }, [conversationId, status, changes, isWatching, setMessages, resumeStream, clearError, recordMessage])

  const last = messages.at(-1)
  let problem: string | undefined
  if (state === 'failed') problem = 'The messages could not be loaded.'
  else if (isAnswering || isWatching) problem = undefined
  else if (error) problem = (isLeftoffError(error) && sentences[error.code]) || 'The answer could not be completed.'
  else if (state === 'current' && isUnanswered(last)) problem = 'The last question has no complete answer.'

  function retry(): void {
    if (state === 'failed') setChanges((before) => before + 1)
    else if (isUnanswered(last)) void regenerate()
    else void resumeStream()
  }

  return {
    ...chat,
    conversationId,
    isAnswering,
    isWatching,
    isLoaded: state === 'shown' || state === 'current',
    /** What went wrong, in a sentence; `retry` mends it. */
    problem,
    retry,
    /** `stop` of `useChat` only stops reading. */
    stop: () => transport.stop(conversationId),
  }
}

export function textOf({ parts }: Message): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** While the answer is read a part says so, and afterwards what is stored. */
export function hasLostContext({ parts, metadata }: Message): boolean {
  return metadata?.contextLost ?? parts.some((part) => part.type === 'data-recovered' && part.data.contextLost)
}

/** A question without an answer, or an answer that broke off. */
function isUnanswered(last: Message | undefined): boolean {
  const outcome = last?.metadata?.outcome
  return last?.role === 'user' || outcome === 'failed' || outcome === 'interrupted'
}

/** What is stored, and below it what only this page has: a question that was not sent, an answer that was not stored. */
function join(stored: readonly Message[], shown: readonly Message[], hasFailed: boolean): Message[] {
  const isOwn = (message: Message) => !stored.some(({ id }) => id === message.id) && textOf(message) !== ''
  const own = shown.filter(isOwn)
  const interrupted = (message: Message): Message => ({ ...message, metadata: { at: 0, outcome: 'interrupted' } })
  // Also where your server does not store it: it stays for as long as the page does.
  const lost = new Set(shown.filter(hasLostContext).map(({ id }) => id))
  const noted = (message: Message): Message =>
    lost.has(message.id) ? { ...message, metadata: { at: 0, ...message.metadata, contextLost: true } } : message
  return [
    ...stored.map(noted),
    ...own.map((message) => (hasFailed && message.role === 'assistant' ? interrupted(message) : message)),
  ]
}

import type { MessagesResult } from 'leftoff/react'
import { useState } from 'react'
import { type Notice, ownTexts } from './chat-notices.js'

type OwnNotice = Notice & { readonly conversationId: string }

/** What this page has to say of a conversation: that it came back, and what became of its transcript. */
export function useOwnNotices(
  { conversationId, isResumed }: { readonly conversationId: string | undefined; readonly isResumed: boolean },
  { messages, status }: Pick<MessagesResult, 'messages' | 'status'>,
) {
  const [notices, setNotices] = useState<readonly OwnNotice[]>([])
  const [seen, setSeen] = useState<string>()

  function add(topic: Notice['topic'], text: string): void {
    if (conversationId === undefined) return
    const messageId = messages.at(-1)?.id
    const own = {
      id: crypto.randomUUID(),
      conversationId,
      messageId,
      topic,
      text,
      canRetry: false,
      canStartFresh: false,
    }
    setNotices((before) => [...before, own])
  }

  // Once per conversation, as soon as its messages are there.
  if (conversationId !== undefined && seen !== conversationId && status !== 'loading' && status !== 'load-failed') {
    setSeen(conversationId)
    const last = messages.at(-1)
    if (isResumed && last?.role === 'assistant' && last.state === 'complete') add('resumed', ownTexts.resumed)
  }
  return { notices: notices.filter((notice) => notice.conversationId === conversationId), add }
}

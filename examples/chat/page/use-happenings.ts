import { type ConversationSessionResult, type MessagesResult, useSessionEvent } from 'leftoff/react'
import { useState } from 'react'
import { type Happening, textOfEvent, welcomeBack } from './happenings.js'

const kept = 8

/** What happened in this page, newest last, and what of it is still news: nothing from before the last message. */
export function useHappenings(
  { conversationId, isResumed, status: holding }: ConversationSessionResult,
  { messages, status }: Pick<MessagesResult, 'messages' | 'status'>,
  hasDraft: boolean,
) {
  const [all, setAll] = useState<readonly Happening[]>([])
  const [read, setRead] = useState(0)
  const [seen, setSeen] = useState<string>()

  const add = (topic: Happening['topic'], text: string) =>
    setAll((before) => [...before.slice(1 - kept), { id: (before.at(-1)?.id ?? 0) + 1, at: Date.now(), topic, text }])

  useSessionEvent((event) => {
    const text = textOfEvent(event)
    if (text !== undefined) add('session', text)
  })

  // Once per conversation, as soon as its messages are there.
  if (conversationId !== undefined && seen !== conversationId && status !== 'loading' && status !== 'load-failed') {
    setSeen(conversationId)
    const isAnswering = status === 'answering' || status === 'stopping'
    const hasCome = isResumed && holding !== 'watching' && messages.length > 0
    const text = welcomeBack({ isResumed: hasCome, isAnswering, hasDraft })
    if (text !== undefined) add('resumed', text)
  }

  const newest = all.at(-1)
  return {
    all,
    news: newest && newest.id > read ? newest : undefined,
    add,
    markRead: () => setRead(newest?.id ?? 0),
  }
}

import { readTurn, type TokenUsage } from 'leftoff'
import { useSessionActions, useSessionEvent, useSessions } from 'leftoff/react'
import { useEffect, useReducer, useRef, useState } from 'react'
import type { AnswerPiece } from '../shared/chat-api.js'
import { forgetTranscript, loadMessages, postTurn } from './api.js'
import {
  contextLost,
  notForgotten,
  nothingToForget,
  noticeOf,
  type SentMessage,
  stoppedByPerson,
  transcriptForgotten,
} from './chat-notices.js'
import { type Chat, type ChatAction, chatsReducer } from './chat-state.js'

/** The conversation on screen, as `useConversationSession` gives it. */
export interface OpenConversation {
  readonly workspace: string
  readonly conversationId: string
  readonly tabId: string
  readonly isResumed: boolean
}

/** The chat of the conversation on screen. Chats that were left go on behind it. */
export function useChat(open: OpenConversation | undefined) {
  const [chats, dispatch] = useReducer(chatsReducer, {})
  const { recordMessage, renameConversation } = useSessionActions()
  const title = useSessions().find((session) => session.conversationId === open?.conversationId)?.title
  const running = useRef(new Map<string, AbortController>())
  const [loadError, setLoadError] = useState<string>()

  const conversationId = open?.conversationId
  const isResumed = open?.isResumed ?? false
  const chat: Chat | undefined = conversationId === undefined ? undefined : chats[conversationId]
  const isAnswering = chat?.answer !== undefined
  const isToLoad =
    conversationId !== undefined && loadError !== conversationId && (!chat || (chat.isOutdated && !isAnswering))
  const isKnown = chat !== undefined

  useEffect(() => {
    if (!isToLoad) return
    const left = new AbortController()
    loadMessages(conversationId, left.signal).then(
      (messages) =>
        dispatch({ conversationId, action: { type: 'loaded', messages, isResumed: isResumed && !isKnown } }),
      () => left.signal.aborted || setLoadError(conversationId),
    )
    return () => left.abort()
  }, [conversationId, isToLoad, isResumed, isKnown])

  useSessionEvent((event) => {
    if (event.type !== 'conversation-changed') return
    dispatch({ conversationId: event.conversationId, action: { type: 'went-on-elsewhere' } })
  })

  /** One turn, from the request to the end of the answer, told to the chat it belongs to. */
  async function run({ workspace, conversationId, tabId }: OpenConversation, sent: SentMessage): Promise<void> {
    const tell = (action: ChatAction) => dispatch({ conversationId, action })
    const stopped = new AbortController()
    running.current.set(conversationId, stopped)
    let answer = ''
    const endAnswer = (isInterrupted: boolean, usage?: TokenUsage) => {
      tell({ type: 'answer-ended', at: Date.now(), isInterrupted })
      // Once per message, when it is whole; never for a piece of it.
      if (answer) recordMessage({ role: 'assistant', text: answer, conversationId, ...(usage && { usage }) })
    }
    try {
      const turnId = crypto.randomUUID()
      const request = { workspace, conversationId, tabId, messageId: sent.id, turnId, message: sent.text }
      for await (const event of readTurn<AnswerPiece>(await postTurn(request, stopped.signal))) {
        if (event.type === 'recovered' && event.contextLost) tell({ type: 'noticed', notice: contextLost })
        if (event.type === 'discard') {
          answer = ''
          tell({ type: 'discarded' })
        }
        if (event.type === 'message') {
          answer += event.message.text
          tell({ type: 'answered-more', text: event.message.text })
        }
        if (event.type === 'done') endAnswer(false, event.usage)
      }
    } catch (error) {
      endAnswer(true)
      const notice = stopped.signal.aborted ? stoppedByPerson : noticeOf(error)
      // What the agent began to answer was received: sending it again would say it twice.
      if (!answer) tell({ type: 'noticed', notice: { ...notice, retry: sent } })
      else if (notice !== stoppedByPerson) tell({ type: 'noticed', notice })
    } finally {
      running.current.delete(conversationId)
    }
  }

  return {
    /** Missing until its messages are loaded. */
    chat,
    hasLoadFailed: conversationId !== undefined && loadError === conversationId,
    loadAgain: () => setLoadError(undefined),
    isAnswering,

    send(text: string): void {
      if (!open || !chat || isAnswering) return
      const { conversationId } = open
      const message = { id: crypto.randomUUID(), role: 'user', text, at: Date.now() } as const
      recordMessage({ role: 'user', text, conversationId })
      // The first thing said names the conversation, unless the person has named it.
      if (title === undefined && !hasMessages(chat)) renameConversation(conversationId, titleFrom(text))
      dispatch({ conversationId, action: { type: 'sent', message } })
      void run(open, message)
    },

    retry(sent: SentMessage): void {
      if (!open || !chat || isAnswering) return
      dispatch({ conversationId: open.conversationId, action: { type: 'retried' } })
      void run(open, sent)
    },

    stop(): void {
      if (conversationId !== undefined) running.current.get(conversationId)?.abort()
    },

    async forget(): Promise<void> {
      if (!open) return
      const { workspace, conversationId, tabId } = open
      const notice = await forgetTranscript({ workspace, tabId }).then(
        (forgotten) => (forgotten ? transcriptForgotten : nothingToForget),
        () => notForgotten,
      )
      dispatch({ conversationId, action: { type: 'noticed', notice } })
    },
  }
}

function hasMessages({ entries }: Chat): boolean {
  return entries.some(({ kind }) => kind === 'message')
}

/** A first line that fits a list. */
function titleFrom(text: string): string {
  const line = text.split('\n', 1)[0] ?? ''
  const characters = [...line]
  return characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : line
}

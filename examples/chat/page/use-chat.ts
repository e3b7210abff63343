import { readTurn, type TokenUsage } from 'leftoff'
import { useSessionActions, useSessionEvent } from 'leftoff/react'
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
  readonly isResumed: boolean
  /** Another tab has it. */
  readonly isWatching: boolean
}

/** The chat of the conversation on screen. Answers in the other chats of this page continue behind it. */
export function useChat(open: OpenConversation | undefined) {
  const [chats, dispatch] = useReducer(chatsReducer, {})
  const { recordMessage } = useSessionActions()
  const running = useRef(new Map<string, AbortController>())
  const [loadError, setLoadError] = useState<string>()

  const conversationId = open?.conversationId
  const isResumed = open?.isResumed ?? false
  const isWatching = open?.isWatching ?? false
  const chat: Chat | undefined = conversationId === undefined ? undefined : chats[conversationId]
  const isAnswering = chat?.answer !== undefined
  const isToLoad =
    conversationId !== undefined &&
    loadError !== conversationId &&
    (!chat || (!isAnswering && (chat.isOutdated || (chat.wasWatched && !isWatching))))
  const isKnown = chat !== undefined

  useEffect(() => {
    if (!isToLoad) return
    const left = new AbortController()
    loadMessages(conversationId, left.signal).then(
      (messages) =>
        dispatch({
          conversationId,
          action: { type: 'loaded', messages, isResumed: isResumed && !isKnown, isWatching },
        }),
      () => left.signal.aborted || setLoadError(conversationId),
    )
    return () => left.abort()
  }, [conversationId, isToLoad, isResumed, isKnown, isWatching])

  useSessionEvent((event) => {
    if (event.type !== 'conversation-changed') return
    dispatch({ conversationId: event.conversationId, action: { type: 'changed-elsewhere' } })
  })

  /** One turn, from the request to the end of the answer; everything goes to the chat it belongs to. */
  async function run({ workspace, conversationId }: OpenConversation, sent: SentMessage): Promise<void> {
    const tell = (action: ChatAction) => dispatch({ conversationId, action })
    const stopped = new AbortController()
    running.current.set(conversationId, stopped)
    let answer = ''
    const endAnswer = (isInterrupted: boolean, usage?: TokenUsage) => {
      tell({ type: 'answer-ended', at: Date.now(), isInterrupted })
      // Once per message, when it is whole; never for a piece of it.
      const messageId = `${sent.id}.answer`
      if (answer) recordMessage({ role: 'assistant', text: answer, conversationId, messageId, ...(usage && { usage }) })
    }
    try {
      const turnId = crypto.randomUUID()
      const request = { workspace, conversationId, messageId: sent.id, turnId, message: sent.text }
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
      if (!open || !chat || isAnswering || isWatching) return
      const { conversationId } = open
      const message = { id: crypto.randomUUID(), role: 'user', text, at: Date.now() } as const
      // The first message is also the title of the conversation, until the person renames it.
      recordMessage({ role: 'user', text, conversationId, messageId: message.id })
      dispatch({ conversationId, action: { type: 'sent', message } })
      void run(open, message)
    },

    retry(sent: SentMessage): void {
      if (!open || !chat || isAnswering || isWatching) return
      dispatch({ conversationId: open.conversationId, action: { type: 'retried' } })
      void run(open, sent)
    },

    stop(): void {
      if (conversationId !== undefined) running.current.get(conversationId)?.abort()
    },

    async forget(): Promise<void> {
      if (!open) return
      const { workspace, conversationId } = open
      const notice = await forgetTranscript({ workspace, conversationId }).then(
        (forgotten) => (forgotten ? transcriptForgotten : nothingToForget),
        () => notForgotten,
      )
      dispatch({ conversationId, action: { type: 'noticed', notice } })
    },
  }
}

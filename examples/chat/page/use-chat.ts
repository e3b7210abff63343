import { isLeftoffError, readTurn, type TokenUsage } from 'leftoff'
import { useSessionActions } from 'leftoff/react'
import { useEffect, useReducer, useRef, useState } from 'react'
import type { AnswerPiece, TurnRequest } from '../shared/chat-api.js'
import { forgetTranscript, loadMessages, postTurn } from './api.js'
import { type Chat, type ChatAction, chatsReducer, type Notice } from './chat-state.js'

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
  const { recordMessage } = useSessionActions()
  const running = useRef(new Map<string, AbortController>())
  const [loadError, setLoadError] = useState<string>()

  const conversationId = open?.conversationId
  const isResumed = open?.isResumed ?? false
  const chat: Chat | undefined = conversationId === undefined ? undefined : chats[conversationId]
  const isMissing = conversationId !== undefined && chat === undefined && loadError !== conversationId

  useEffect(() => {
    if (!isMissing) return
    const left = new AbortController()
    loadMessages(conversationId, left.signal).then(
      (messages) => dispatch({ conversationId, action: { type: 'loaded', messages, isResumed } }),
      () => left.signal.aborted || setLoadError(conversationId),
    )
    return () => left.abort()
  }, [conversationId, isMissing, isResumed])

  /** One turn, from the request to the end of the answer, told to the chat it belongs to. */
  async function run(request: TurnRequest): Promise<void> {
    const { conversationId, message } = request
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
      if (!answer) tell({ type: 'noticed', notice: { ...notice, retry: message } })
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
    isAnswering: chat?.answer !== undefined,

    send(text: string): void {
      if (!open || !chat || chat.answer !== undefined) return
      recordMessage({ role: 'user', text, conversationId: open.conversationId })
      dispatch({ conversationId: open.conversationId, action: { type: 'sent', text, at: Date.now() } })
      void run({ ...turnOf(open), message: text })
    },

    retry(text: string): void {
      if (!open || !chat || chat.answer !== undefined) return
      dispatch({ conversationId: open.conversationId, action: { type: 'retried' } })
      void run({ ...turnOf(open), message: text })
    },

    stop(): void {
      if (conversationId !== undefined) running.current.get(conversationId)?.abort()
    },

    async forget(): Promise<void> {
      if (!open) return
      const { conversationId } = open
      const notice = await forgetTranscript(turnOf(open)).then(
        (forgotten) => (forgotten ? transcriptForgotten : nothingToForget),
        () => ({ ...failed, text: 'The server could not be reached. The transcript is still there.' }),
      )
      dispatch({ conversationId, action: { type: 'noticed', notice } })
    },
  }
}

function turnOf({ workspace, conversationId, tabId }: OpenConversation) {
  return { workspace, conversationId, tabId }
}

const failed = { kind: 'notice', topic: 'failed' } as const

const contextLost: Notice = {
  kind: 'notice',
  topic: 'context-lost',
  text: 'The agent lost the earlier context and started anew. Your messages are still here, but it no longer knows them.',
}

const stoppedByPerson: Notice = { kind: 'notice', topic: 'stopped', text: 'You stopped the answer.' }

const transcriptForgotten: Notice = {
  kind: 'notice',
  topic: 'forgotten',
  text: 'The agent’s transcript is deleted. Send a message to see how the conversation recovers.',
}

const nothingToForget: Notice = {
  kind: 'notice',
  topic: 'forgotten',
  text: 'The agent has no transcript of this conversation.',
}

function noticeOf(error: unknown): Notice {
  if (isLeftoffError(error, 'turn-busy')) {
    return {
      kind: 'notice',
      topic: 'busy',
      text: 'The agent is still answering in this conversation, maybe in another window.',
    }
  }
  if (isLeftoffError(error)) return { ...failed, text: error.message }
  return { ...failed, text: 'The server could not be reached. Your message was not sent.' }
}

import type { TokenUsage } from 'leftoff'
import { useSessionActions, useSessionEvent } from 'leftoff/react'
import { useEffect, useEffectEvent, useReducer, useRef, useState } from 'react'
import { followTurn, forgetTranscript, loadMessages, postTurn, stopTurn } from './api.js'
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
import { readAnswer } from './read-answer.js'

/** The conversation on screen, as `useConversationSession` gives it. */
export interface OpenConversation {
  readonly workspace: string
  readonly conversationId: string
  readonly isResumed: boolean
  /** Another tab has it. */
  readonly isWatching: boolean
}

/** A turn of this page. */
interface AskedTurn {
  readonly turnId: string
  readonly sent: SentMessage
}

/** The chat of the conversation on screen. Answers in the other chats of this page continue behind it. */
export function useChat(open: OpenConversation | undefined) {
  const [chats, dispatch] = useReducer(chatsReducer, {})
  const { recordMessage } = useSessionActions()
  const running = useRef(new Map<string, { stop: () => void }>())
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

  useSessionEvent((event) => {
    if (event.type !== 'conversation-changed') return
    dispatch({ conversationId: event.conversationId, action: { type: 'changed-elsewhere' } })
  })

  /** One turn, from the request to the end of the answer; everything goes to the chat it belongs to. */
  async function run(of: OpenConversation, begin: Promise<Response>, asked?: AskedTurn): Promise<void> {
    const { workspace, conversationId } = of
    const tell = (action: ChatAction) => dispatch({ conversationId, action })
    let turn = asked
    // Once the server knows the turn.
    const stop = () =>
      void begin.then(() => turn && stopTurn({ workspace, conversationId }, turn.turnId)).catch(() => {})
    running.current.set(conversationId, { stop })
    let answer = ''
    const endAnswer = (isInterrupted: boolean, usage?: TokenUsage) => {
      tell({ type: 'answer-ended', at: Date.now(), isInterrupted })
      // Once per message, when it is whole; never for a piece of it.
      const messageId = `${turn?.sent.id}.answer`
      if (answer) recordMessage({ role: 'assistant', text: answer, conversationId, messageId, ...(usage && { usage }) })
    }
    try {
      for await (const event of readAnswer(await begin)) {
        if (event.type === 'turn' && !turn) {
          turn = { turnId: event.turnId, sent: { id: event.messageId, text: event.message } }
          tell({ type: 'attached' })
        }
        if (event.type === 'recovered' && event.contextLost) tell({ type: 'noticed', notice: contextLost })
        if (event.type === 'discard') {
          answer = answer.slice(0, event.keep)
          tell({ type: 'discarded', keep: event.keep })
        }
        if (event.type === 'text') {
          answer += event.text
          tell({ type: 'answered-more', text: event.text })
        }
        if (event.type === 'done') endAnswer(false, event.usage)
        if (event.type === 'stopped') {
          endAnswer(true)
          if (!answer) tell({ type: 'noticed', notice: { ...stoppedByPerson, ...(turn && { retry: turn.sent }) } })
        }
      }
    } catch (error) {
      endAnswer(true)
      const notice = noticeOf(error)
      // What the agent began to answer was received: sending it again would say it twice.
      tell({ type: 'noticed', notice: answer || !turn ? notice : { ...notice, retry: turn.sent } })
    } finally {
      running.current.delete(conversationId)
    }
  }

  function ask(of: OpenConversation, sent: SentMessage): void {
    const { workspace, conversationId } = of
    const turnId = crypto.randomUUID()
    const request = { workspace, conversationId, messageId: sent.id, turnId, message: sent.text }
    void run(of, postTurn(request), { turnId, sent })
  }

  /** First whether an answer is being written, then the messages: in this order none of it is missed. */
  const load = useEffectEvent(async (conversationId: string, signal: AbortSignal): Promise<void> => {
    const follows = open !== undefined && !isWatching
    const response = follows ? await followTurn({ workspace: open.workspace, conversationId }) : undefined
    const messages = await loadMessages(conversationId, signal)
    if (signal.aborted) return response?.body?.cancel()
    dispatch({
      conversationId,
      action: { type: 'loaded', messages, isResumed: isResumed && !isKnown, isWatching },
    })
    const hasAnswer = messages.at(-1)?.role !== 'user'
    if (open && response?.status === 200 && !hasAnswer) void run(open, Promise.resolve(response))
    else await response?.body?.cancel()
  })

  useEffect(() => {
    if (!isToLoad) return
    const left = new AbortController()
    load(conversationId, left.signal).catch(() => left.signal.aborted || setLoadError(conversationId))
    return () => left.abort()
  }, [conversationId, isToLoad])

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
      ask(open, message)
    },

    retry(sent: SentMessage): void {
      if (!open || !chat || isAnswering || isWatching) return
      dispatch({ conversationId: open.conversationId, action: { type: 'retried' } })
      ask(open, sent)
    },

    stop(): void {
      if (conversationId !== undefined) running.current.get(conversationId)?.stop()
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

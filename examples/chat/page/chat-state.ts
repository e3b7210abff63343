import type { ChatMessage } from '../shared/chat-api.js'

/** What the page shows of one conversation. */
export interface Chat {
  /** Messages, and what happened between them, in order. */
  readonly entries: readonly Entry[]
  /** The answer as far as it came; missing when none is running. */
  readonly answer?: string
}

/** A line of the conversation. */
type Entry = { readonly kind: 'message'; readonly message: ChatMessage } | Notice

/** Something the person should know, at the place where it happened. */
export interface Notice {
  readonly kind: 'notice'
  readonly topic: 'resumed' | 'context-lost' | 'forgotten' | 'stopped' | 'busy' | 'failed'
  readonly text: string
  /** The message to send again. */
  readonly retry?: string
}

/** The chats of this page by conversation id: an answer that outlives a switch lands in its own. */
export type Chats = Readonly<Record<string, Chat>>

/** What happens to a chat. */
export type ChatAction =
  | { readonly type: 'loaded'; readonly messages: readonly ChatMessage[]; readonly isResumed: boolean }
  | { readonly type: 'sent'; readonly text: string; readonly at: number }
  | { readonly type: 'answered-more'; readonly text: string }
  | { readonly type: 'discarded' }
  | { readonly type: 'answer-ended'; readonly at: number; readonly isInterrupted: boolean }
  | { readonly type: 'noticed'; readonly notice: Notice }
  | { readonly type: 'retried' }

/** The chats after `action` happened to `conversationId`. */
export function chatsReducer(
  chats: Chats,
  { conversationId, action }: { conversationId: string; action: ChatAction },
): Chats {
  const chat = chats[conversationId]
  if (action.type === 'loaded') return chat ? chats : { ...chats, [conversationId]: loaded(action) }
  return chat ? { ...chats, [conversationId]: next(chat, action) } : chats
}

function loaded({ messages, isResumed }: ChatAction & { type: 'loaded' }): Chat {
  const entries: Entry[] = messages.map((message) => ({ kind: 'message', message }))
  if (isResumed && entries.length > 0) {
    entries.push({ kind: 'notice', topic: 'resumed', text: 'Resumed where you left off' })
  }
  return { entries }
}

function next(chat: Chat, action: Exclude<ChatAction, { type: 'loaded' }>): Chat {
  switch (action.type) {
    case 'sent': {
      const message = { role: 'user' as const, text: action.text, at: action.at }
      return { entries: [...chat.entries, { kind: 'message', message }], answer: '' }
    }
    case 'answered-more':
      return { ...chat, answer: (chat.answer ?? '') + action.text }
    case 'discarded':
      return { ...chat, answer: '' }
    case 'answer-ended': {
      if (!chat.answer) return { entries: chat.entries }
      const message: ChatMessage = {
        role: 'assistant',
        text: chat.answer,
        at: action.at,
        ...(action.isInterrupted ? { interrupted: true } : {}),
      }
      return { entries: [...chat.entries, { kind: 'message', message }] }
    }
    case 'noticed':
      return { ...chat, entries: [...chat.entries, action.notice] }
    case 'retried': // takes the notice with its button away and waits for the answer again
      return {
        entries: chat.entries.filter((entry) => entry.kind === 'message' || entry.retry === undefined),
        answer: '',
      }
  }
}

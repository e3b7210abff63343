import type { ChatMessage } from '../shared/chat-api.js'
import { contextLost, type Notice, resumed, unanswered } from './chat-notices.js'

/** What the page shows of one conversation. */
export interface Chat {
  /** Messages, and what happened between them, in order. */
  readonly entries: readonly Entry[]
  /** The answer as far as it came; missing when none is running. */
  readonly answer?: string
  /** Another tab or device added to it: what is shown is loaded again. */
  readonly isOutdated?: boolean
  /** Loaded while another tab had the conversation: what is missing there may be on its way. */
  readonly wasWatched?: boolean
}

/** A line of the conversation. */
type Entry = { readonly kind: 'message'; readonly message: ChatMessage } | Notice

/** The chats of this page by conversation id: an answer that outlives a switch lands in its own. */
export type Chats = Readonly<Record<string, Chat>>

/** What happens to a chat. */
export type ChatAction =
  | {
      readonly type: 'loaded'
      readonly messages: readonly ChatMessage[]
      readonly isResumed: boolean
      readonly isWatching: boolean
    }
  | { readonly type: 'changed-elsewhere' }
  | { readonly type: 'sent'; readonly message: ChatMessage }
  | { readonly type: 'answered-more'; readonly text: string }
  | { readonly type: 'discarded'; readonly keep: number }
  | { readonly type: 'attached' }
  | { readonly type: 'answer-ended'; readonly at: number; readonly isInterrupted: boolean }
  | { readonly type: 'noticed'; readonly notice: Notice }
  | { readonly type: 'retried' }

/** The chats after `action` happened to `conversationId`. */
export function chatsReducer(
  chats: Chats,
  { conversationId, action }: { conversationId: string; action: ChatAction },
): Chats {
  const chat = chats[conversationId]
  if (action.type === 'loaded') {
    // What was said since the request left is not in it; the end of that answer asks again.
    const isWanted = chat === undefined || ((chat.isOutdated || chat.wasWatched) && chat.answer === undefined)
    return isWanted ? { ...chats, [conversationId]: loaded(action) } : chats
  }
  return chat ? { ...chats, [conversationId]: next(chat, action) } : chats
}

function loaded({ messages, isResumed, isWatching }: ChatAction & { type: 'loaded' }): Chat {
  const entries = messages.flatMap((message): Entry[] => {
    const entry = { kind: 'message', message } as const
    return message.contextLost ? [contextLost, entry] : [entry]
  })
  if (isWatching) return { entries, wasWatched: true }
  const last = messages.at(-1)
  if (last?.role === 'user' && last.id !== undefined) entries.push(unanswered({ id: last.id, text: last.text }))
  else if (isResumed && last) entries.push(resumed)
  return { entries }
}

function next(chat: Chat, action: Exclude<ChatAction, { type: 'loaded' }>): Chat {
  const { answer, ...rest } = chat
  switch (action.type) {
    case 'changed-elsewhere':
      return { ...chat, isOutdated: true }
    case 'sent':
      return { ...rest, entries: [...rest.entries.map(withoutRetry), ofMessage(action.message)], answer: '' }
    case 'answered-more':
      return { ...chat, answer: (answer ?? '') + action.text }
    case 'discarded':
      return { ...chat, answer: (answer ?? '').slice(0, action.keep) }
    case 'attached': // the answer to the last message is being written
      return { ...rest, entries: rest.entries.filter((entry) => !canRetry(entry)), answer: '' }
    case 'answer-ended': {
      if (!answer) return rest
      const { at, isInterrupted } = action
      const message: ChatMessage = { role: 'assistant', text: answer, at, ...(isInterrupted && { interrupted: true }) }
      return { ...rest, entries: [...rest.entries, ofMessage(message)] }
    }
    case 'noticed':
      return { ...chat, entries: [...chat.entries, action.notice] }
    case 'retried': // takes the notice with its button away and waits for the answer again
      return { ...rest, entries: rest.entries.filter((entry) => !canRetry(entry)), answer: '' }
  }
}

function ofMessage(message: ChatMessage): Entry {
  return { kind: 'message', message }
}

/** After another message the earlier one is not sent again. */
function withoutRetry(entry: Entry): Entry {
  if (!canRetry(entry)) return entry
  const { kind, topic, text } = entry
  return { kind, topic, text }
}

function canRetry(entry: Entry): entry is Notice & { retry: object } {
  return entry.kind === 'notice' && entry.retry !== undefined
}

import { sentText } from '../core/text.js'
import type { TurnClientEvent, TurnConversation } from '../turns/turn-client.js'

/** A message as the app's `load` gives it. */
export interface LoadedMessage {
  /** Of a question the id it was sent with, of an answer `<messageId>.answer`: the handler's `onQuestion` and `onAnswer` have both. */
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** When it was said, in ms since the epoch. */
  readonly at?: number | undefined
  /** What the handler's `toClient` gave as `data`, in order. */
  readonly data?: readonly unknown[] | undefined
  /** How the answer ended: `done`, `stopped`, `failed`, `interrupted`. */
  readonly outcome?: string | undefined
  /** The agent answered without knowing the earlier messages. */
  readonly contextLost?: boolean | undefined
}

/** Loads the messages that the app stores of a conversation, oldest first. */
export type LoadMessages = (
  conversation: TurnConversation & { readonly signal: AbortSignal },
) => Promise<readonly LoadedMessage[]>

/** A message on screen. */
export interface ThreadMessage extends LoadedMessage {
  readonly state: 'sending' | 'not-sent' | 'answering' | 'complete'
}

/** A turn that this page sent or followed. Immutable. */
export interface ThreadTurn {
  readonly turnId: string
  readonly messageId: string
  readonly message: unknown
  readonly at: number
  /** The server has the message. */
  readonly isHeard: boolean
  readonly isStopping: boolean
  readonly text: string
  readonly data: readonly unknown[]
  readonly contextLost: boolean
  /** Missing while it runs. */
  readonly end?: 'done' | 'stopped' | 'failed' | 'interrupted'
  /** How many loads had begun when it ended: a later one knows better. */
  readonly loadsAtEnd: number
}

export function newTurn(turn: Pick<ThreadTurn, 'turnId' | 'messageId' | 'message' | 'at'>): ThreadTurn {
  return { ...turn, isHeard: false, isStopping: false, text: '', data: [], contextLost: false, loadsAtEnd: 0 }
}

/** The turn after an event, other than its end. */
export function nextTurn(turn: ThreadTurn, event: TurnClientEvent): ThreadTurn {
  switch (event.type) {
    case 'turn': {
      const { end: _, ...running } = turn
      return { ...running, message: event.message, isHeard: true, text: '', data: [] }
    }
    case 'text':
      return { ...turn, text: turn.text + event.text }
    case 'data':
      return { ...turn, data: [...turn.data, event.data] }
    case 'recovered':
      return { ...turn, contextLost: turn.contextLost || event.contextLost }
    case 'discard':
      return { ...turn, text: turn.text.slice(0, event.keep) }
    default:
      return turn
  }
}

/** What is loaded and what this page saw, each message once, each answer below its question. `loadsOfLoaded` counts that load. */
export function joinMessages(
  loaded: readonly LoadedMessage[],
  loadsOfLoaded: number,
  turns: readonly ThreadTurn[],
): readonly ThreadMessage[] {
  const shown = loaded.map((message): ThreadMessage => ({ ...message, state: 'complete' }))
  for (const turn of turns) {
    let place = shown.findIndex(({ id }) => id === turn.messageId)
    // A question that is stored was sent, whatever became of another attempt to have it answered.
    const isSent = turn.isHeard || (turn.end && place >= 0)
    const state = isSent ? 'complete' : turn.end ? 'not-sent' : 'sending'
    const own: ThreadMessage = { id: turn.messageId, role: 'user', text: sentText(turn.message), at: turn.at, state }
    if (place < 0) place = shown.push(own) - 1
    else shown[place] = { ...own, ...shown[place], state }

    const answer = answerOf(turn)
    const known = shown.findIndex(({ id }) => id === answer?.id)
    if (!answer || (known >= 0 && turn.end && loadsOfLoaded > turn.loadsAtEnd)) continue
    if (known >= 0) shown[known] = answer
    else shown.splice(place + 1, 0, answer)
  }
  return shown
}

/** The id of the answer to a message. */
export function answerId(messageId: string): string {
  return `${messageId}.answer`
}

/** Whether the answer has anything that a person sees. */
export function hasAnswer({ text, data }: ThreadTurn): boolean {
  return text !== '' || data.length > 0
}

function answerOf(turn: ThreadTurn): ThreadMessage | undefined {
  if (!turn.isHeard || (turn.end && !hasAnswer(turn))) return undefined
  const { text, data, end, messageId, contextLost } = turn
  return {
    id: answerId(messageId),
    role: 'assistant',
    text,
    ...(data.length > 0 && { data }),
    ...(contextLost && { contextLost }),
    ...(end && { outcome: end }),
    state: end ? 'complete' : 'answering',
  }
}

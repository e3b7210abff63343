import { turnErrorSentence } from '../core/turn-error.js'
import { answerId, joinMessages, type LoadedMessage, type ThreadMessage, type ThreadTurn } from './thread-state.js'

/** Something the person should know. */
export interface ThreadNotice {
  readonly id: string
  /** The question it is about. */
  readonly messageId: string
  /**
   * Of an error, or `context-lost`: the agent no longer knows the earlier messages; `not-kept`: the answer could not be stored;
   * `not-sent`: an earlier page could not send it.
   */
  readonly code: string
  readonly text: string
  /** `retry(id)` sends the question again. */
  readonly canRetry: boolean
  /** `retry(id, { fresh: true })` has the agent forget the conversation first, and may help. */
  readonly canStartFresh: boolean
}

/** What a thread shows. */
export interface ThreadView {
  readonly messages: readonly ThreadMessage[]
  readonly status: 'loading' | 'ready' | 'sending' | 'answering' | 'stopping' | 'load-failed'
  readonly notices: readonly ThreadNotice[]
}

/** What a thread knows. Immutable. */
export interface ThreadState {
  readonly loaded?: { readonly messages: readonly LoadedMessage[]; readonly loads: number }
  /** How many loads have begun. */
  readonly loads: number
  readonly hasLoadFailed: boolean
  readonly turns: readonly ThreadTurn[]
  readonly notices: readonly ThreadNotice[]
}

export const emptyThread: ThreadState = { loads: 0, hasLoadFailed: false, turns: [], notices: [] }
export const emptyView: ThreadView = { messages: [], status: 'loading', notices: [] }

/** The turns that have not ended. */
export function running({ turns }: ThreadState): readonly ThreadTurn[] {
  return turns.filter(({ end }) => !end)
}

/** The state with a turn as it is now. */
export function withTurn(state: ThreadState, turn: ThreadTurn): ThreadState {
  const isKnown = state.turns.some(({ turnId }) => turnId === turn.turnId)
  const turns = isKnown ? state.turns.map((one) => (one.turnId === turn.turnId ? turn : one)) : [...state.turns, turn]
  return { ...state, turns }
}

/** The state with a notice; of those that offer a retry a question has one. */
export function withNotice(
  state: ThreadState,
  messageId: string,
  code: string,
  text: string,
  can: { readonly canRetry?: boolean; readonly canStartFresh?: boolean } = {},
): ThreadState {
  // Never a message's own id: an app may use both as keys of one list.
  const id = `${messageId} ${can.canRetry ? 'retry' : code}`
  const own: ThreadNotice = { id, messageId, code, text, canRetry: false, canStartFresh: false, ...can }
  return { ...state, notices: [...state.notices.filter((one) => one.id !== id), own] }
}

/** The state after messages were loaded, by the `loads`-th load. */
export function withLoaded(state: ThreadState, messages: readonly LoadedMessage[], loads: number): ThreadState {
  if ((state.loaded?.loads ?? 0) > loads) return state
  const has = (wanted: string) => messages.some(({ id }) => id === wanted)
  const isStored = ({ messageId, isHeard, end, loadsAtEnd }: ThreadTurn) =>
    isHeard && end && loadsAtEnd < loads && has(answerId(messageId))
  // Its answer is whole now: another tab tried it again, or this page missed the end.
  const before = state.loaded?.messages
  const isMended = (messageId: string) => before && !isWhole(before, messageId) && isWhole(messages, messageId)
  // A message that the server has, though nobody heard so. What else was not heard goes again under its own id, so that it runs once.
  const wasSent = ({ turnId, messageId }: ThreadTurn) => turnId === messageId && has(messageId)
  const over = state.turns.filter((turn) => !turn.isHeard && turn.end && (wasSent(turn) || isMended(turn.messageId)))
  return {
    ...state,
    loaded: { messages, loads },
    hasLoadFailed: false,
    turns: state.turns.filter((turn) => !isStored(turn) && !over.includes(turn)),
    notices: state.notices.filter(
      ({ messageId, canRetry }) =>
        !canRetry || !(isMended(messageId) || over.some((turn) => turn.messageId === messageId)),
    ),
  }
}

function isWhole(messages: readonly LoadedMessage[], messageId: string): boolean {
  return messages.some(({ id, outcome = '' }) => id === answerId(messageId) && ['done', 'stopped'].includes(outcome))
}

/** The last question, if it has no answer or one that broke off, and nothing on screen says so. */
export function unanswered(
  state: ThreadState,
): { readonly messageId: string; readonly isBrokenOff: boolean; readonly text: string } | undefined {
  const { loaded, turns, notices } = state
  const last = loaded?.messages.at(-1)
  const question = loaded?.messages.findLast(({ role }) => role === 'user')
  const isBrokenOff = last?.outcome === 'failed' || last?.outcome === 'interrupted'
  if (!question || (last !== question && !isBrokenOff) || running(state).length > 0) return undefined
  if ([...turns, ...notices].some(({ messageId }) => messageId === question.id)) return undefined
  const text = isBrokenOff ? turnErrorSentence('turn-interrupted') : 'This message has no answer. Send it again.'
  return { messageId: question.id, isBrokenOff, text }
}

/** What is shown: no message before it is known what is stored. */
export function viewOf(state: ThreadState): ThreadView {
  const { loaded, hasLoadFailed, turns, notices } = state
  if (!loaded && !hasLoadFailed) return { ...emptyView, notices }
  const now = running(state)
  const isStopping = now.some((turn) => turn.isStopping)
  const isHeard = now.some((turn) => turn.isHeard)
  const doing = isStopping ? 'stopping' : isHeard ? 'answering' : now.length > 0 ? 'sending' : undefined
  return {
    messages: joinMessages(loaded?.messages ?? [], loaded?.loads ?? 0, turns),
    status: doing ?? (loaded ? 'ready' : 'load-failed'),
    notices,
  }
}

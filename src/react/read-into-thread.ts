import { isLeftoffError, LeftoffError } from '../core/error.js'
import type { TokenUsage } from '../core/session.js'
import { sentText } from '../core/text.js'
import { turnErrorSentence } from '../core/turn-error.js'
import type { TurnClientEvent } from '../turns/turn-client.js'
import type { RecordedMore } from './thread-recording.js'
import { answerId, hasAnswer, type LoadedMessage, newTurn, nextTurn, type ThreadTurn } from './thread-state.js'
import { type ThreadState, withNotice, withTurn } from './thread-view.js'

/** What reading a turn asks of its thread. */
export interface ReadingThread {
  state: ThreadState
  /** The turns that are read: what a page sends and what it asks for may be one. */
  readonly reading: Set<string>
  readonly left: AbortSignal
  readonly now: () => number
  /** Counts a message. */
  readonly record: (message: Pick<LoadedMessage, 'id' | 'role' | 'text'>, more?: RecordedMore) => void
  /** A turn is over for this page: it is not sent again after a reload. */
  readonly forget: (turnId: string) => void
  /** The state changed: shown at once, or with the next frame. */
  readonly tell: () => void
  readonly tellSoon: () => void
  /** The app's store knows more than this page. */
  readonly sync: () => void
}

/** Reads a turn to its end. `onFirst` hears whether there is one. */
export async function readIntoThread(
  thread: ReadingThread,
  events: AsyncIterable<TurnClientEvent>,
  sentId: string | undefined,
  onFirst: (isThere: boolean) => void,
): Promise<void> {
  let turnId = sentId
  if (sentId !== undefined) thread.reading.add(sentId)
  let isToSync = false
  const turn = () => thread.state.turns.find((one) => one.turnId === turnId)

  function end(how: NonNullable<ThreadTurn['end']>, usage?: TokenUsage): void {
    const ended = turn()
    if (!ended || ended.end) return
    thread.state = withTurn(thread.state, { ...ended, end: how, isStopping: false, loadsAtEnd: thread.state.loads })
    const { messageId, text } = ended
    if (hasAnswer(ended)) thread.record({ id: answerId(messageId), role: 'assistant', text }, usage && { usage })
  }

  function take(event: TurnClientEvent): void {
    if (event.type === 'turn') {
      turnId = event.turnId
      const { messageId, message } = event
      const before = turn() ?? newTurn({ turnId, messageId, message, at: thread.now() })
      thread.state = withTurn(thread.state, nextTurn(before, event))
      thread.record({ id: messageId, role: 'user', text: sentText(message) })
      isToSync ||= thread.state.hasLoadFailed
      return
    }
    const before = turn()
    if (!before) return
    const { messageId } = before
    if (event.type === 'missed') isToSync = true
    else if (event.type === 'stopped') end('stopped')
    else if (event.type === 'done') {
      end('done', event.usage)
      if (!event.kept) thread.state = withNotice(thread.state, messageId, 'not-kept', notKept)
    } else {
      thread.state = withTurn(thread.state, nextTurn(before, event))
      if (event.type === 'recovered' && event.contextLost) {
        thread.state = withNotice(thread.state, messageId, 'context-lost', contextLost)
      }
    }
  }

  function fail(error: unknown): void {
    const failed = turn()
    if (!failed) return
    const {
      code,
      message,
      canStartFresh = false,
    } = isLeftoffError(error) ? error : new LeftoffError('turn-failed', turnErrorSentence('turn-failed'))
    end(code === 'turn-interrupted' || code === 'unreachable' ? 'interrupted' : 'failed')
    thread.state = withNotice(thread.state, failed.messageId, code, message, { canRetry: true, canStartFresh })
    // The server may have stored more than was seen; and of a turn that is in the way it knows the rest.
    isToSync ||= failed.isHeard || code === 'turn-busy'
  }

  try {
    for await (const event of events) {
      if (thread.left.aborted) return
      if (event.type === 'turn' && event.turnId !== turnId) {
        if (thread.reading.has(event.turnId)) break
        thread.reading.add(event.turnId)
      }
      take(event)
      onFirst(true)
      if (event.type === 'text' || event.type === 'data') thread.tellSoon()
      else thread.tell()
    }
  } catch (error) {
    if (!thread.left.aborted) fail(error)
  }
  if (turnId !== undefined) thread.reading.delete(turnId)
  onFirst(turnId !== sentId)
  if (thread.left.aborted) return
  thread.tell()
  if (isToSync) thread.sync()
}

const contextLost = 'The agent no longer knows the earlier messages of this conversation.'
const notKept = 'This answer could not be stored. It is gone once you leave the page.'

import type { Clock } from '../../core/clock.js'
import { isLeftoffError } from '../../core/error.js'
import type { TabKey } from '../../core/tab-key.js'
import type { TurnStreamEnd, TurnStreamEvent } from '../../core/turn-stream.js'
import { beginTurn, type RefusedTurn } from '../begin-turn.js'
import type { TurnHooks } from '../begun-turn.js'
import { callInTime } from '../call-in-time.js'
import { reportError } from '../report-error.js'
import { isTooLong } from '../turn-errors.js'
import { endOfError } from './end-of-error.js'
import type { EventReader } from './event-reader.js'
import { keepAnswer } from './keep-answer.js'
import { createShownAnswer } from './shown-answer.js'
import type { TurnHandlerOptions, TurnIds } from './turn-handler.js'
import { turnOptionsOf } from './turn-options-of.js'
import { createTurnSink } from './turn-sink.js'

/** A turn that runs in this process. */
export interface LiveTurn {
  readonly ok: true
  readonly messageHash: string
  /** Resolves once the agent is called or the turn is over; rejects if it never started. */
  readonly begun: Promise<void>
  /** Resolves once all is stored. Never rejects. */
  readonly ended: Promise<void>
  read(after: number): EventReader
  stop(): void
  interrupt(): void
}

/** One turn for the handler. */
export interface LiveTurnOptions<M, I> {
  readonly handler: TurnHandlerOptions<M, I>
  readonly key: TabKey
  readonly ids: TurnIds
  readonly message: unknown
  readonly messageHash: string
  readonly input: I
  readonly fresh: boolean
  readonly clock: Clock
}

/**
 * Runs a turn to its end, whoever reads: question, agent, answer, in that order, and each reader hears the end after the
 * answer is stored and the conversation is free.
 */
export async function startLiveTurn<M, I>(turn: LiveTurnOptions<M, I>): Promise<RefusedTurn | LiveTurn> {
  const { handler, key, ids, message, messageHash, input, clock } = turn
  const { agent, log, onQuestion, onAnswer, toClient, onDisconnect = 'abort' } = handler
  const onError = (error: unknown) => reportError(handler.onError, error)
  const sink = createTurnSink({ log, key, turnId: ids.turnId, clock, onError, onUnread: () => stop() })
  const answer = createShownAnswer(agent, toClient, sink.send, onAnswer !== undefined)
  let isBegun = false
  let begin = () => {}
  let refuse: (error: unknown) => void = () => {}
  const begun = new Promise<void>((resolve, reject) => {
    begin = resolve
    refuse = reject
  })
  begun.catch(() => {}) // whoever waits for it gets the error
  let contextLost = false
  let kept = true
  let end: TurnStreamEnd | undefined

  const hooks: TurnHooks<M> = {
    onEvent(event) {
      if (event.type === 'message') answer.take(event.message)
      else if (event.type === 'discard') answer.discard()
      else if (event.type === 'done') end = { type: 'done', ...(event.usage && { usage: event.usage }), kept }
      else if (event.type === 'stopped') end = event
      else {
        contextLost ||= event.type === 'recovered' && event.contextLost
        sink.send(event)
      }
    },

    async beforeAgent() {
      if (isBegun) return
      await sink.open()
      if (onQuestion) {
        await callInTime(clock, questionMs, 'onQuestion', (signal) => onQuestion({ ...ids, input, signal }))
      }
      isBegun = true
      sink.record()
      begin()
    },

    async beforeEnd({ outcome, error, usage, ...lease }) {
      await sink.flush()
      if (!onAnswer || answer.isEmpty()) return
      const answerId = `${ids.messageId}.answer`
      const whole = {
        ...ids,
        answerId,
        text: answer.text(),
        data: answer.data,
        ...(usage && { usage }),
        // The word that readers get, so that an answer is marked alike before and after a reload.
        outcome: isLeftoffError(error, 'turn-interrupted') ? ('interrupted' as const) : outcome,
        ...(isTooLong(error) && { reason: 'too-long' as const }),
        contextLost,
      }
      kept = await keepAnswer(onAnswer, whole, lease, clock, onError)
    },
  }

  const running = await beginTurn(turnOptionsOf(turn, onError), hooks)
  if (!running.ok) return running
  const stop = () => void running.stop().catch(onError)
  const events = running.events[Symbol.asyncIterator]()
  const question: TurnStreamEvent = { type: 'turn', turnId: ids.turnId, messageId: ids.messageId, message }
  sink.send(question)

  /** The agent is asked for more while the log, or without one the readers, keep up. */
  async function run(): Promise<void> {
    try {
      for (;;) {
        const { done } = await events.next()
        if (done) break
        const room = sink.room()
        if (room) await room
      }
      begin()
    } catch (error) {
      if (!isLeftoffError(error, 'turn-interrupted')) onError(error)
      end = endOfError(error)
      if (isBegun) begin()
      else refuse(error)
    }
    const last = end ?? { type: 'error', code: 'turn-interrupted' }
    // What lost its lease says nothing more to anyone but its own readers.
    const isLost = last.type === 'error' && last.code === 'lease-lost'
    await sink.end(last, isBegun && !isLost)
  }

  return {
    ok: true,
    messageHash,
    begun,
    ended: run(),
    read(after) {
      const reader = sink.read(after)
      if (log !== false || onDisconnect === 'continue') return reader
      return {
        next: reader.next,
        close() {
          reader.close()
          if (sink.readerCount() === 0) stop()
        },
      }
    },
    stop,
    interrupt: () => void running.interrupt().catch(onError),
  }
}

/** How long the app may take to store the question. */
const questionMs = 10_000

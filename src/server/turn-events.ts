import type { Clock } from '../core/clock.js'
import { isLeftoffError, LeftoffError } from '../core/error.js'
import type { TurnEvent } from '../core/turn-event.js'
import { createAnswer } from './answer.js'
import { type Attempt, closeQuietly } from './attempt.js'
import type { Lease } from './lease.js'
import { openRun } from './recovery.js'
import { reportError } from './report-error.js'
import { createTurnIterator } from './turn-iterator.js'
import type { TurnOptions } from './turn-options.js'

/** A turn whose lease was taken. */
export interface BegunTurn<M> {
  readonly options: TurnOptions<M>
  readonly stored: string | undefined
  readonly isExpired: boolean
  readonly lease: Lease
  /** How long an agent that was told to stop may take before the key is given back without it. */
  readonly stopMs: number
  readonly clock: Clock
}

/**
 * The events of one turn: opened at the first pull, one message of the agent per pull, and the lease given back at
 * the end, however it ends.
 */
export function turnEvents<M>({
  options,
  stored,
  isExpired,
  lease,
  stopMs,
  clock,
}: BegunTurn<M>): AsyncIterable<TurnEvent<M>> {
  const { agent, signal: clientSignal, onDisconnect = 'abort' } = options
  const answer = createAnswer(agent, stored)
  const agentAbort = new AbortController()
  const iterator = createTurnIterator<TurnEvent<M>>({ pull, leave, unread })

  let phase: 'waiting' | 'opening' | 'streaming' | 'over' = 'waiting'
  /** With `continue`, once the reader has left: the turn pulls itself. */
  let isDraining = false
  let isPulling = false
  let messages: AsyncIterator<M> | undefined
  /** What the agent is doing, for those who must wait until it has stopped. */
  let activity: Promise<unknown> = Promise.resolve()

  if (clientSignal?.aborted) onClientAbort()
  else clientSignal?.addEventListener('abort', onClientAbort, { once: true })
  return iterator.events

  function pull(): void {
    if (phase === 'waiting') {
      phase = 'opening'
      const opening = open()
      activity = opening
      opening.then(onOpen, fail)
    } else if (phase === 'streaming' && messages && !isPulling) {
      isPulling = true
      try {
        const next = messages.next()
        activity = next
        next.then(onResult, fail)
      } catch (error) {
        fail(error)
      }
    }
  }

  async function open(): Promise<Attempt<M>> {
    await lease.start(onLeaseLost)
    return openRun({ options, stored, isExpired, lease, signal: agentAbort.signal, emit: iterator.emit })
  }

  function onOpen(run: Attempt<M>): void {
    messages = run.messages
    if (phase === 'over') return void closeQuietly(messages) // it was told to stop, and spoke nevertheless
    phase = 'streaming'
    try {
      run.first.forEach(deliver)
      pullIfWanted()
    } catch (error) {
      fail(error)
    }
  }

  // The hot path: no promise and no timer of its own.
  function onResult(result: IteratorResult<M>): void {
    isPulling = false
    if (phase !== 'streaming') return
    if (result.done) return void finish()
    try {
      deliver(result.value)
      pullIfWanted()
    } catch (error) {
      fail(error) // a driver that cannot read a message
    }
  }

  function deliver(message: M): void {
    if (phase !== 'streaming' || !lease.isHeld()) return
    if (answer.note(message) === 'discard') iterator.emit({ type: 'discard' })
    iterator.emit({ type: 'message', message })
  }

  function pullIfWanted(): void {
    if (isDraining || iterator.isWaiting()) pull()
  }

  /** The agent has nothing more to say. */
  async function finish(): Promise<void> {
    const failure = answer.failure()
    if (failure) return fail(failure)
    phase = 'over'
    try {
      await lease.end(answer.idToKeep('finished'))
    } catch (error) {
      return end(error)
    }
    iterator.emit(answer.done())
    end()
    // The answer is there, so the reader has nothing to do about it.
    const report = (error: unknown) => error !== undefined && reportError(options.onError, error)
    void answer.afterDone().then(report, report)
  }

  /** The error goes up once the key is free, so that who reads it can send again. */
  async function fail(error: unknown): Promise<void> {
    if (phase === 'over') return
    phase = 'over'
    agentAbort.abort(error)
    await release('finished', error)
    end(error)
  }

  function end(error?: unknown): void {
    clientSignal?.removeEventListener('abort', onClientAbort)
    iterator.end(error)
  }

  function onLeaseLost(error: LeftoffError): void {
    if (phase === 'over') return
    phase = 'over'
    agentAbort.abort(error)
    clientSignal?.removeEventListener('abort', onClientAbort)
    iterator.stop(error)
    void release('aborted', error)
  }

  function onClientAbort(): void {
    iterator.stop(interrupted(clientSignal?.reason))
    leave()
  }

  function leave(): void {
    clientSignal?.removeEventListener('abort', onClientAbort)
    if (phase === 'over') return
    if (onDisconnect === 'continue' && phase !== 'waiting') {
      isDraining = true
      pull()
      return
    }
    phase = 'over'
    agentAbort.abort(interrupted(undefined))
    void release('aborted')
  }

  /** A reader who leaves is no error. */
  function unread(error: unknown): void {
    if (!isLeftoffError(error, 'turn-interrupted')) reportError(options.onError, error)
  }

  /** Gives the key back once the agent has stopped: two runs of one session at a time lose messages in silence. */
  async function release(end: 'finished' | 'aborted', why?: unknown): Promise<void> {
    await inTime(Promise.allSettled([activity, messages && closeQuietly(messages)]))
    try {
      await lease.end(answer.idToKeep(end))
    } catch (error) {
      // The lease runs out by itself, and the reader is told of what ended the turn or has left. One that is lost
      // already can only be refused.
      if (!isLeftoffError(why, 'lease-lost')) reportError(options.onError, error)
    }
  }

  async function inTime(stopped: Promise<unknown>): Promise<void> {
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = clock.setTimeout(resolve, stopMs)
    })
    await Promise.race([stopped, late])
    cancel()
  }
}

function interrupted(cause: unknown): LeftoffError {
  return new LeftoffError('turn-interrupted', 'The reader of this turn went away.', { cause })
}

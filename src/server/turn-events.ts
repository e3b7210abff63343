import { atMost } from '../core/clock.js'
import { isLeftoffError, type LeftoffError } from '../core/error.js'
import type { TurnEvent } from '../core/turn-event.js'
import type { TurnOutcome } from './agent-session-store.js'
import { createAnswer } from './answer.js'
import { type Attempt, closeQuietly } from './attempt.js'
import type { BegunTurn, RunningTurn } from './begun-turn.js'
import { judgeFailure, openRun } from './recovery.js'
import { reportError } from './report-error.js'
import { createSessionWatch, type SessionWatch } from './session-watch.js'
import { agentFailed, interrupted, stopped, tooLong } from './turn-errors.js'
import { createTurnIterator } from './turn-iterator.js'
import { createTurnWatchdog } from './turn-watchdog.js'

/**
 * The events of one turn: opened at the first pull, one message of the agent per pull, and the lease given back at
 * the end, however it ends.
 */
export function turnEvents<M>(begun: BegunTurn<M>): RunningTurn<M> {
  const { options, stored, isExpired, lease, stopMs, maxTurnMs, isToBeStopped, clock, hooks } = begun
  const { agent, signal: clientSignal, onDisconnect = 'abort' } = options
  const answer = createAnswer(agent, stored)
  const agentAbort = new AbortController()
  const leaseLost = new AbortController()
  const iterator = createTurnIterator<TurnEvent<M>>({ pull, leave, unread })
  const emit = (event: TurnEvent<M>) => {
    hooks?.onEvent(event)
    iterator.emit(event)
  }
  const watchdog = createTurnWatchdog({
    clock,
    maxTurnMs,
    isToBeStopped,
    reads: () => (hooks || isDraining || iterator.isWaiting() ? undefined : iterator.reads()),
    onStop: () => void stop(),
    onTooLong: () => void cut('aborted', tooLong(maxTurnMs)),
    onNoReader: () => {
      iterator.stop(interrupted(undefined))
      leave()
    },
    onNoEnd: () => void finish(),
  })

  const held = { isHeld: lease.isHeld, lostSignal: leaseLost.signal }

  let phase: 'waiting' | 'opening' | 'streaming' | 'over' = 'waiting'
  /** With `continue`, once the reader has left: the turn pulls itself. */
  let isDraining = false
  let isPulling = false
  /** Whether the agent was called: from then on the turn is one that must not run twice. */
  let isCalled = false
  let run: Attempt<M> | undefined
  let sessionWatch: SessionWatch | undefined
  /** What the agent is doing, for those who must wait until it has stopped. */
  let activity: Promise<unknown> = Promise.resolve()
  let ending: Promise<void> | undefined

  if (clientSignal?.aborted) onClientAbort()
  else clientSignal?.addEventListener('abort', onClientAbort, { once: true })
  return { events: iterator.events, stop, interrupt: () => cut('aborted', interrupted('the server ends')) }

  function pull(): void {
    if (phase === 'waiting') {
      phase = 'opening'
      const opening = open()
      activity = opening
      opening.then(onOpen, (error: unknown) => cut('finished', error))
    } else if (phase === 'streaming' && run && !isPulling) {
      isPulling = true
      try {
        const next = run.messages.next()
        activity = next
        next.then(onResult, fail)
      } catch (error) {
        fail(error)
      }
    }
  }

  async function open(): Promise<Attempt<M>> {
    await lease.start(onLeaseLost)
    watchdog.start()
    const onCall = () => {
      isCalled = true
    }
    const beforeCall = hooks?.beforeAgent
    return openRun({ options, stored, isExpired, lease, signal: agentAbort.signal, beforeCall, onCall, emit })
  }

  function onOpen(opened: Attempt<M>): void {
    run = opened
    if (phase === 'over') return void closeQuietly(opened.messages) // it was asked to stop, and sent something all the same
    phase = 'streaming'
    sessionWatch = createSessionWatch(opened, options, emit)
    try {
      sessionWatch.see(opened.agentSessionId)
      opened.first.forEach(deliver)
      pullIfWanted()
    } catch (error) {
      void cut('finished', error)
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
      void cut('finished', error) // a driver that cannot read a message
    }
  }

  function deliver(message: M): void {
    if (phase !== 'streaming' || !lease.isHeld()) return
    const kind = answer.note(message)
    sessionWatch?.see(answer.sessionId())
    if (kind === 'discard') emit({ type: 'discard' })
    else if (kind === 'success' || kind === 'failure') watchdog.expectEnd()
    emit({ type: 'message', message })
  }

  function pullIfWanted(): void {
    if (isDraining || iterator.isWaiting()) pull()
  }

  /** The agent has nothing more to say. */
  async function finish(): Promise<void> {
    const failure = answer.failure()
    if (failure) return fail(failure)
    if (phase === 'over') return
    const isSilent = isPulling // it gave its result and does not end
    close()
    if (isSilent) await stopAgent(undefined)
    const done = answer.done()
    await hooks?.beforeEnd({ outcome: 'done', usage: done.usage, ...held })
    try {
      await lease.end({ outcome: 'done', ...answer.toStore('finished') })
    } catch (error) {
      return end(error)
    }
    emit(done)
    end()
    // The answer is there, so the reader has nothing to do about it.
    const report = (error: unknown) => error !== undefined && reportError(options.onError, error)
    void answer.afterDone().then(report, report)
  }

  /** The agent failed. Only what its driver knows as the end of a session costs the session. */
  function fail(error: unknown): void {
    const asked = run?.asked
    if (!asked || phase === 'over' || isLeftoffError(error, 'lease-lost'))
      return void cut('finished', agentFailed(error))
    const evidence = [answer.failureMessage(), error]
    void cut('finished', error, () => judgeFailure({ lease, emit, options }, asked, evidence))
  }

  /** Ends a turn that did not succeed. The error goes up once the key is free, so that who reads it can send again. */
  async function cut(how: 'finished' | 'aborted', error: unknown, replaced?: () => Promise<unknown>): Promise<void> {
    if (phase === 'over') return
    close()
    await stopAgent(error)
    const cause = replaced ? await replaced() : error
    if (isCalled) await hooks?.beforeEnd({ outcome: 'failed', error: cause, ...held })
    // The store has until the end of the lease, the reader has not.
    await atMost(clock, 2 * stopMs, release(how, isCalled ? 'failed' : 'not-started', cause))
    end(cause)
  }

  function close(): void {
    phase = 'over'
    watchdog.end()
  }

  function stop(): Promise<void> {
    ending ??= stopTurn()
    return ending
  }

  async function stopTurn(): Promise<void> {
    if (phase === 'over') return
    close()
    await stopAgent(stopped())
    await hooks?.beforeEnd({ outcome: 'stopped', ...held })
    await release('aborted', 'stopped')
    emit({ type: 'stopped' })
    end()
  }

  function end(error?: unknown): void {
    clientSignal?.removeEventListener('abort', onClientAbort)
    iterator.end(error)
  }

  function onLeaseLost(error: LeftoffError): void {
    leaseLost.abort(error)
    if (phase === 'over') return
    close()
    clientSignal?.removeEventListener('abort', onClientAbort)
    iterator.stop(error)
    void stopAgent(error).then(() => release('aborted', 'failed', error))
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
    close()
    void stopAgent(interrupted(undefined)).then(() => release('aborted', isCalled ? 'stopped' : 'not-started'))
  }

  /** A reader who leaves is not an error. */
  function unread(error: unknown): void {
    if (!isLeftoffError(error, 'turn-interrupted')) reportError(options.onError, error)
  }

  /** Two runs of one session at a time lose messages in silence, so the key is not given back before. */
  async function stopAgent(why: unknown): Promise<void> {
    agentAbort.abort(why)
    await atMost(clock, stopMs, Promise.allSettled([activity, run && closeQuietly(run.messages)]))
  }

  async function release(how: 'finished' | 'aborted', outcome: TurnOutcome, why?: unknown): Promise<void> {
    try {
      await lease.end({ outcome, ...answer.toStore(how) })
    } catch (error) {
      // The lease expires anyway, and the reader knows what ended the turn, or has left. One that is lost
      // already can only be refused.
      if (!isLeftoffError(why, 'lease-lost')) reportError(options.onError, error)
    }
  }
}

import type { Clock } from '../../core/clock.js'
import { inTime, pause } from '../../core/clock.js'
import { isLeftoffError, LeftoffError } from '../../core/error.js'
import { logIsFull, notInLog } from './log-errors.js'

/** What goes to a log in one request. */
export interface TurnBatch {
  /** The number of the first of `events`; they have no gap. */
  readonly firstSeq: number
  readonly events: readonly string[]
  /** The turn's last event. It is kept in a log that is full, too. */
  readonly last?: { readonly seq: number; readonly event: string }
}

/** `full` if the log does not keep `events`, `unknown` if it does not hold the turn. */
export type BatchAnswer = 'ok' | 'full' | 'unknown'

/** Writes a turn's events in batches. */
export interface BatchWriter {
  append(firstSeq: number, events: readonly string[]): Promise<void>
  end(seq: number, event: string): Promise<void>
}

/**
 * Collects what is appended to one turn and sends it every 250 ms, one request at a time: the first event at once, and
 * in a stream of them four requests a second, however many come. A request that does not get through is repeated until
 * what it carries has waited for five seconds.
 */
export function createBatchWriter({
  write,
  clock,
}: {
  readonly write: (batch: TurnBatch) => Promise<BatchAnswer>
  readonly clock: Clock
}): BatchWriter {
  /** What the next request takes along. */
  let next: Collected | undefined
  let isBusy = false
  let hasEnded = false
  let sentAt = Number.NEGATIVE_INFINITY

  function collect(): Collected {
    next ??= newCollected(clock.monotonic())
    schedule()
    return next
  }

  function schedule(): void {
    if (isBusy) return
    isBusy = true
    const wait = sentAt + batchMs - clock.monotonic()
    // Not within this call: events that come with the first one go along with it.
    if (wait > 0) clock.setTimeout(() => void send(), wait)
    else queueMicrotask(() => void send())
  }

  async function send(): Promise<void> {
    const sent = next
    next = undefined
    if (sent) await settle(sent)
    isBusy = false
    if (next) schedule()
  }

  async function settle(sent: Collected): Promise<void> {
    let answer: BatchAnswer = 'ok'
    try {
      const runs = sent.runs.length > 0 ? sent.runs : [{ firstSeq: 0, events: [] }]
      for (const [index, run] of runs.entries()) {
        const isLast = index === runs.length - 1
        const one = await persist({ ...run, ...(isLast && sent.last && { last: sent.last }) }, sent.since + patienceMs)
        if (answer === 'ok') answer = one
      }
    } catch (error) {
      sent.added.reject(error)
      sent.ended.reject(error)
      return
    }
    if (answer === 'ok') sent.added.resolve()
    else sent.added.reject(answer === 'full' ? logIsFull() : notInLog())
    sent.ended.resolve()
  }

  async function persist(batch: TurnBatch, until: number): Promise<BatchAnswer> {
    for (;;) {
      sentAt = clock.monotonic()
      try {
        return await inTime(clock, write(batch), until - sentAt, notTaken)
      } catch (error) {
        const mayRepeat = isLeftoffError(error, 'unreachable') && clock.monotonic() + batchMs < until
        if (!mayRepeat) throw error
      }
      await pause(clock, batchMs)
    }
  }

  const notTaken = () => new LeftoffError('unreachable', 'The log did not take the events of a turn in time.')

  return {
    append(firstSeq, events) {
      if (hasEnded || events.length === 0) return Promise.resolve()
      const collected = collect()
      const run = collected.runs.at(-1)
      if (run && run.firstSeq + run.events.length === firstSeq) for (const event of events) run.events.push(event)
      else collected.runs.push({ firstSeq, events: [...events] })
      return collected.added.promise
    },

    end(seq, event) {
      hasEnded = true
      const collected = collect()
      collected.last ??= { seq, event }
      return collected.ended.promise
    },
  }
}

/** Four requests a second leave one for stopping and for renewing the lease. */
const batchMs = 250
const patienceMs = 5_000

interface Collected {
  readonly since: number
  readonly runs: { readonly firstSeq: number; readonly events: string[] }[]
  last: { readonly seq: number; readonly event: string } | undefined
  readonly added: Settled
  readonly ended: Settled
}

function newCollected(since: number): Collected {
  return { since, runs: [], last: undefined, added: settled(), ended: settled() }
}

interface Settled {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

function settled(): Settled {
  let resolve = () => {}
  let reject = (_: unknown) => {}
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  // A batch may have nobody who waits for one of the two.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

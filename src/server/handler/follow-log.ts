import type { Clock } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { TurnStreamEnd, TurnStreamEvent } from '../../core/turn-stream.js'
import type { TurnState } from '../agent-session-store.js'
import type { LoggedEvent, TurnLog } from '../turn-log.js'
import type { EventReader } from './event-reader.js'

/** A turn that runs in another process, or has ended. */
export interface FollowedTurn {
  readonly log: TurnLog | false
  readonly key: TabKey
  readonly turnId: string
  readonly after: number
  /** What the row says of it; rejects while the store is down. */
  readonly stateOf: () => Promise<TurnState | undefined>
  /** The question, if the request had it. */
  readonly question?: TurnStreamEvent | undefined
  readonly clock: Clock
}

/**
 * Reads the log, and asks the row when that is silent, since a process that died writes no end. What the log has not, the row
 * says: how the turn ended.
 */
export function followLog(turn: FollowedTurn): EventReader {
  const abort = new AbortController()
  const pieces = follow(turn, abort.signal)
  return {
    async next() {
      const { done, value } = await pieces.next()
      return done ? undefined : value
    },
    close() {
      abort.abort()
      pieces.return(undefined).catch(() => {})
    },
  }
}

async function* follow(
  { log, key, turnId, after, stateOf, question, clock }: FollowedTurn,
  signal: AbortSignal,
): AsyncGenerator<readonly LoggedEvent[], undefined, undefined> {
  let seq = after
  let waitMs = firstWaitMs
  while (!signal.aborted) {
    const pieces = await readFrom(seq)
    let wasOver = false
    while (pieces) {
      const read = await orSilence(pieces.next())
      if (signal.aborted) return
      if (read === 'silence') {
        const state = await knownState()
        if (isRunning(state)) continue
        // What ended may still be on its way into the log; what died writes nothing.
        if (wasOver || isInterrupted(state)) return yield* conclude(state)
        wasOver = true
      } else if (read === 'over') break
      else {
        yield read
        const last = read.at(-1)
        if (last?.last) return
        seq = last?.seq ?? seq
        waitMs = firstWaitMs
      }
    }
    if (signal.aborted) return
    const state = await knownState()
    if (!isRunning(state)) return yield* conclude(state)
    await orAborted(waitMs)
    waitMs = Math.min(2 * waitMs, longestWaitMs)
  }

  /** Keeps what was asked of the log, so that a silence loses nothing. */
  async function readFrom(from: number) {
    try {
      const iterable = log ? await log.read(key, turnId, { after: from, signal }) : undefined
      const iterator = iterable?.[Symbol.asyncIterator]()
      let asked: Promise<readonly LoggedEvent[] | 'over'> | undefined
      return (
        iterator && {
          next() {
            asked ??= iterator.next().then(
              ({ done, value }) => {
                asked = undefined
                return done ? 'over' : value
              },
              () => 'over', // a log that cannot be read is asked again
            )
            return asked
          },
        }
      )
    } catch {
      return undefined
    }
  }

  async function knownState(): Promise<TurnState | undefined | 'unknown'> {
    return stateOf().catch(() => 'unknown')
  }

  function* conclude(state: TurnState | undefined | 'unknown'): Generator<readonly LoggedEvent[], undefined> {
    const end: TurnStreamEnd = endOf(state)
    const events: TurnStreamEvent[] = [...(question && seq === 0 ? [question] : []), { type: 'missed' }, end]
    // Whoever died has sent all that the log holds.
    const sent = isInterrupted(state) && seq > 0 ? [end] : events
    yield sent.map((event) => ({ seq, event: JSON.stringify(event), last: event === end }))
    return undefined
  }

  async function orSilence<T>(promise: Promise<T>): Promise<T | 'silence'> {
    let cancel = () => {}
    const silence = new Promise<'silence'>((resolve) => {
      cancel = clock.setTimeout(() => resolve('silence'), silenceMs, { keepsAlive: false })
    })
    return Promise.race([promise, silence]).finally(cancel)
  }

  function orAborted(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = clock.setTimeout(done, ms, { keepsAlive: false })
      signal.addEventListener('abort', done)
    })
  }
}

function isRunning(state: TurnState | undefined | 'unknown'): boolean {
  return state === 'unknown' || state?.state === 'running' || state?.state === 'stopping'
}

function isInterrupted(state: TurnState | undefined | 'unknown'): boolean {
  return state === undefined || (state !== 'unknown' && state.state === 'interrupted')
}

/** How a turn of which only the row is left has ended. */
function endOf(state: TurnState | undefined | 'unknown'): TurnStreamEnd {
  if (state === 'unknown' || isInterrupted(state)) return { type: 'error', code: 'turn-interrupted' }
  if (state?.state === 'done') return { type: 'done', kept: true }
  return state?.state === 'stopped' ? { type: 'stopped' } : { type: 'error', code: 'turn-failed' }
}

const silenceMs = 2_000
const firstWaitMs = 250
const longestWaitMs = 1_000

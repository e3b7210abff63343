import type { LeftoffErrorCode } from '../core/error.js'

/** A turn that is sent or followed, as far as the requests about it have come. Immutable. */
export interface TurnProgress {
  /** Whether a message is sent, or a turn followed that somebody sent. */
  readonly isSend: boolean
  /** The stream has begun: the server has the message. */
  readonly isHeard: boolean
  /** Somebody wants it stopped. */
  readonly isStopping: boolean
  /** Requests that failed since something was last heard. */
  readonly failures: number
  /** When it is given up, by the monotonic clock. */
  readonly giveUpAt: number | undefined
  /** Since when another turn is in the way, by the monotonic clock. */
  readonly busySince: number | undefined
}

/** What came of a request, if it was not the end of the turn. */
export type Outcome =
  /** No answer, or a stream that broke off, or a server that cannot answer now. */
  | { readonly type: 'lost'; readonly retryAfterMs?: number | undefined }
  /** Nothing runs. */
  | { readonly type: 'nothing' }
  | { readonly type: 'busy'; readonly retryAfterMs?: number | undefined }
  /** Asking again does not help. */
  | { readonly type: 'refused' }

/** What to do next: another request, after a while, or no more. */
export type Next =
  | { readonly request: 'post' | 'get'; readonly inMs: number; readonly progress: TurnProgress }
  | { readonly end: LeftoffErrorCode | 'nothing' | 'stopped' }

/** How long a turn is asked for again. */
export const patienceMs = 60_000
const busyMs = 10_000
const mostBetweenMs = 5_000
const mostBetweenBusyMs = 1_000

/**
 * What follows a request: a message is posted again only while nothing was heard of it, and what was heard of is asked for; a
 * conversation in which another turn runs is waited for, but not long.
 */
export function nextRequest(before: TurnProgress, outcome: Outcome, now: number): Next {
  if (outcome.type === 'nothing') return { end: before.isHeard ? 'turn-interrupted' : 'nothing' }
  if (outcome.type === 'refused') return { end: 'turn-failed' }
  if (outcome.type === 'busy') {
    // The server said that this message has not begun.
    if (before.isStopping) return { end: 'stopped' }
    const busySince = before.busySince ?? now
    const left = busySince + busyMs - now
    if (left <= 0) return { end: 'turn-busy' }
    const inMs = Math.min(Math.max(outcome.retryAfterMs ?? 0, 250), mostBetweenBusyMs, left)
    return { request: 'post', inMs, progress: { ...before, failures: 0, busySince } }
  }
  const giveUpAt = before.giveUpAt ?? now + patienceMs
  const left = giveUpAt - now
  if (left <= 0) return { end: 'unreachable' }
  const wait = Math.max(outcome.retryAfterMs ?? 0, 250 * 2 ** Math.min(before.failures, 5))
  return {
    request: before.isSend && !before.isHeard ? 'post' : 'get',
    inMs: Math.min(wait, mostBetweenMs, left),
    progress: { ...before, failures: before.failures + 1, giveUpAt },
  }
}

/** Something was heard: what failed before no longer counts. */
export function heard(progress: TurnProgress): TurnProgress {
  return { ...progress, isHeard: true, failures: 0, giveUpAt: undefined, busySince: undefined }
}

import { LeftoffError } from '../../core/error.js'

/** No more of this turn is kept. The turn continues. */
export function logIsFull(): LeftoffError {
  return new LeftoffError(
    'turn-log-full',
    'The log is full, so the rest of this turn cannot be replayed. The turn continues; load the messages when it ends.',
  )
}

export function notInLog(): LeftoffError {
  return new LeftoffError('storage-unavailable', 'The log does not hold this turn: it was not started, or was deleted.')
}

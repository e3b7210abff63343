import { LeftoffError } from '../../core/error.js'

/** No more of this turn is kept. The turn goes on. */
export function logIsFull(): LeftoffError {
  return new LeftoffError(
    'turn-log-full',
    'The log holds as much as it may, so no more of this turn can be replayed. The turn goes on.',
  )
}

export function notInLog(): LeftoffError {
  return new LeftoffError('storage-unavailable', 'The log does not hold this turn: it was not started, or was deleted.')
}

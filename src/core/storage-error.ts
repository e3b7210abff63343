import { isLeftoffError, LeftoffError } from './error.js'

/** The typed error for what a browser's storage threw. */
export function storageError(place: string, cause: unknown): LeftoffError {
  if (isLeftoffError(cause)) return cause
  // Both names are in use: https://webidl.spec.whatwg.org/#quotaexceedederror and Firefox's older one.
  const name = cause instanceof Error ? cause.name : ''
  if (name === 'QuotaExceededError' || name === 'NS_ERROR_DOM_QUOTA_REACHED') {
    return new LeftoffError(
      'quota-exceeded',
      `${place} is full. Remove old conversations, or choose another adapter.`,
      {
        cause,
      },
    )
  }
  return new LeftoffError(
    'storage-unavailable',
    `${place} cannot be used here: blocked by the browser's settings, or this is no browser. The chat goes on in memory.`,
    { cause },
  )
}

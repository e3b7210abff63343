import { isObject } from './checks.js'
import { isLeftoffError, LeftoffError } from './error.js'

/** The typed error for what a browser's storage threw, under the name that the browser gave it. */
export function storageError(place: string, cause: unknown, name = nameOf(cause)): LeftoffError {
  if (isLeftoffError(cause)) return cause
  // https://webidl.spec.whatwg.org/#quotaexceedederror, and Firefox's older NS_ERROR_DOM_QUOTA_REACHED.
  if (/quota/i.test(name)) {
    const message = `${place} is full. Remove old conversations, or choose another adapter.`
    return new LeftoffError('quota-exceeded', message, { cause })
  }
  const what = name === 'SecurityError' ? "is blocked by the browser's settings" : name ? `failed (${name})` : 'failed'
  return new LeftoffError('storage-unavailable', `${place} ${what}. The chat continues in memory.`, { cause })
}

/** What an error is called, `''` for anything else. */
export function nameOf(cause: unknown): string {
  return isObject(cause) && typeof cause.name === 'string' ? cause.name : ''
}

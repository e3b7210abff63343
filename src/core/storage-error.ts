import { isLeftoffError, LeftoffError } from './error.js'

/** The typed error for what a browser's storage threw. */
export function storageError(place: string, cause: unknown): LeftoffError {
  if (isLeftoffError(cause)) return cause
  if (isQuotaError(cause)) {
    const message = `${place} is full. Remove old conversations, or choose another adapter.`
    return new LeftoffError('quota-exceeded', message, { cause })
  }
  const name = nameOf(cause)
  const what = name === 'SecurityError' ? "is blocked by the browser's settings" : name ? `failed (${name})` : 'failed'
  return new LeftoffError('storage-unavailable', `${place} ${what}. The chat continues in memory.`, { cause })
}

/** What the browser called it. Dexie wraps an error of IndexedDB in one of its own. */
function nameOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  const inner = 'inner' in cause ? nameOf(cause.inner) : ''
  return inner || ('name' in cause && typeof cause.name === 'string' ? cause.name : '')
}

function isQuotaError(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false
  // Both names are in use: https://webidl.spec.whatwg.org/#quotaexceedederror and Firefox's older one.
  if ('name' in cause && (cause.name === 'QuotaExceededError' || cause.name === 'NS_ERROR_DOM_QUOTA_REACHED'))
    return true
  // IndexedDB aborts the transaction. Dexie reports that with the reason inside, or of each write of a bulk that failed.
  if ('inner' in cause && isQuotaError(cause.inner)) return true
  return 'failures' in cause && Array.isArray(cause.failures) && cause.failures.some(isQuotaError)
}

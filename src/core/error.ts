// Above the class: a computed member name is read when the class is defined.
const brand: unique symbol = Symbol.for('leftoff.error')

/**
 * What went wrong, one word per cause. The README lists each with what to do.
 */
export type LeftoffErrorCode =
  | 'invalid-argument'
  | 'invalid-session'
  | 'newer-version'
  | 'storage-unavailable'
  | 'quota-exceeded'
  | 'unreachable'
  | 'forbidden'
  | 'disposed'
  | 'no-user'
  | 'signed-out'
  | 'lease-lost'
  | 'recovery-failed'
  | 'turn-failed'
  | 'turn-interrupted'
  | 'turn-busy'
  | 'turn-repeated'
  | 'turn-log-full'
  | 'transcript-unreadable'
  | 'conversation-lost'
  | 'transcript-not-written'

/**
 * Every error leftoff throws or reports. `code` says what happened, `message` also what to do, `cause` keeps the original.
 *
 * @example
 * ```ts
 * import { isLeftoffError } from 'leftoff'
 *
 * try {
 *   await store.flush()
 * } catch (error) {
 *   if (isLeftoffError(error, 'quota-exceeded')) showStorageFull()
 *   else throw error
 * }
 * ```
 */
export class LeftoffError extends Error {
  override readonly name = 'LeftoffError'
  readonly code: LeftoffErrorCode
  /** How an error is recognised when the page holds two copies of this package. */
  readonly [brand] = true
  /** With `turn-busy`: when another try is worth it. */
  readonly retryAfterMs?: number

  /** With `turn-failed`: the agent's session was kept, and forgetting it may help if the same happens again. */
  readonly canStartFresh?: boolean
  /** With `turn-busy`, as a turn client throws it: the turn that has the conversation. */
  readonly turnId?: string

  constructor(
    code: LeftoffErrorCode,
    message: string,
    options?: { cause?: unknown; retryAfterMs?: number; canStartFresh?: boolean; turnId?: string },
  ) {
    super(message, options)
    this.code = code
    if (options?.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
    if (options?.canStartFresh !== undefined) this.canStartFresh = options.canStartFresh
    if (options?.turnId !== undefined) this.turnId = options.turnId
  }
}

/**
 * Whether `error` is one of leftoff's, and of `code` when given. Works across copies of the package, where `instanceof` does not.
 *
 * @example
 * ```ts
 * import { isLeftoffError } from 'leftoff'
 *
 * store.on((event) => {
 *   if (event.type === 'save-failed' && isLeftoffError(event.error, 'unreachable')) showOffline()
 * })
 * ```
 */
export function isLeftoffError(error: unknown, code?: LeftoffErrorCode): error is LeftoffError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || ('code' in error && error.code === code)
}

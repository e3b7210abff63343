/**
 * The same promise, whose rejection is the caller's to look at or not: the trouble was told by an event and the state, so
 * an app that does not wait for it gets no unhandled rejection.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

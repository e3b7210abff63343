/**
 * The same promise, whose rejection is the caller's to look at or not: the failure is reported by an event and in the state, so
 * an app that does not wait for it gets no unhandled rejection.
 */
export function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** Runs an action whose failure is also reported by an event or the state, so that it may be ignored. */
export function attempt<T>(run: () => Promise<T>): Promise<T> {
  return ignoreRejection(run())
}

/** A promise with its resolver. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
}

export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

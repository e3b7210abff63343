/** Where the app gets errors that nobody else sees. */
export type OnError = (error: unknown) => void

/**
 * Calls the app's own function with an error. Nobody is left to handle what that function throws, at once or later,
 * and it must cost neither the turn nor the process.
 */
export function reportError(onError: OnError | undefined, error: unknown): void {
  contain(
    () => onError?.(error),
    () => {},
  )
}

/** Calls a function of the app's that may be async, and hands on what it throws, whenever it does. */
export function contain(call: () => unknown, onThrow: (error: unknown) => void): void {
  try {
    Promise.resolve(call()).catch(onThrow)
  } catch (error) {
    onThrow(error)
  }
}

/** Where the app hears of errors that no one else is told. */
export type OnError = (error: unknown) => void

/**
 * Calls the app's own function with an error. There is no one left to hear of what that one throws, and it must cost
 * neither the turn nor the process.
 */
export function reportError(onError: OnError | undefined, error: unknown): void {
  try {
    onError?.(error)
  } catch {
    // Said above.
  }
}

/** The state of a promise. */
export type Outcome = 'pending' | 'resolved' | 'rejected'

/** Follows a promise. */
export function watch(promise: Promise<unknown>): { readonly outcome: () => Outcome } {
  let outcome: Outcome = 'pending'
  promise.then(
    () => {
      outcome = 'resolved'
    },
    () => {
      outcome = 'rejected'
    },
  )
  return { outcome: () => outcome }
}

/** The result of `run` and how many unhandled rejections it caused. Works in Node only. */
export async function withUnhandled<T>(
  run: () => Promise<T>,
): Promise<{ readonly value: T; readonly unhandled: number }> {
  const others = process.listeners('unhandledRejection')
  let count = 0
  const onRejection = (): void => {
    count++
  }
  // The test runner's own listeners would fail the run.
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', onRejection)
  try {
    const value = await run()
    // Node reports a rejection after the task that caused it.
    for (let task = 0; task < 3; task++) await new Promise((resolve) => setImmediate(resolve))
    return { value, unhandled: count }
  } finally {
    process.off('unhandledRejection', onRejection)
    for (const other of others) process.on('unhandledRejection', other)
  }
}

/** Runs `run`, in which the app's own code may throw this error where nothing catches it, as from a DOM listener. Works in Node only. */
export async function letThrow<T>(expected: Error, run: () => Promise<T>): Promise<T> {
  const others = process.listeners('uncaughtException')
  const onError: NodeJS.UncaughtExceptionListener = (error, origin) => {
    if (error !== expected) for (const other of others) other(error, origin)
  }
  // The test runner's own listeners would fail the run.
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', onError)
  try {
    return await run()
  } finally {
    process.off('uncaughtException', onError)
    for (const other of others) process.on('uncaughtException', other)
  }
}

/** How a promise ended, as a plain value; `pending` if it did not. */
export type Outcome = 'pending' | 'resolved' | 'rejected'

/** Watches a promise from now on. */
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

/** What `run` gave, and how many promises were rejected during it with nobody to hear it. In Node only. */
export async function withUnhandled<T>(
  run: () => Promise<T>,
): Promise<{ readonly value: T; readonly unhandled: number }> {
  const others = process.listeners('unhandledRejection')
  let count = 0
  const onRejection = (): void => {
    count++
  }
  // Those of the test runner would fail the run for what this test counts.
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', onRejection)
  try {
    const value = await run()
    // Node tells of a rejection once the task that made it is over.
    for (let task = 0; task < 3; task++) await new Promise((resolve) => setImmediate(resolve))
    return { value, unhandled: count }
  } finally {
    process.off('unhandledRejection', onRejection)
    for (const other of others) process.on('unhandledRejection', other)
  }
}

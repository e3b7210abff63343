/** The reader's end of a turn, and the writer's. */
export interface TurnIterator<T extends object> {
  readonly events: AsyncIterableIterator<T, undefined, undefined>
  /** Hands out an event. After the end it goes nowhere. */
  emit(event: T): void
  /** Ends after the events that wait to be read, with the error if there is one. The first end counts. */
  end(error?: unknown): void
  /** Ends now: what waits to be read is dropped. */
  stop(error?: unknown): void
  /** Whether the reader waits for something that is not there. */
  isWaiting(): boolean
  /** How often the reader has asked for an event. */
  reads(): number
}

/** Notified about the reader of the iterator. */
export interface TurnWriter {
  /** The reader waits for an event. Called again for each one, also while the last is still in the making. */
  pull(): void
  /** The reader went away before the end. */
  leave(): void
  /** The turn ended with an error that its reader, who went away before, never sees. */
  unread(error: unknown): void
}

/**
 * An iterator that ends when its reader wants, not when its source does. An async generator would keep `return()`
 * waiting for as long as the agent is silent.
 */
export function createTurnIterator<T extends object>(writer: TurnWriter): TurnIterator<T> {
  const ready: T[] = []
  const waiting: Waiter<T>[] = []
  let ended: { readonly error?: unknown } | undefined
  let reads = 0

  function end(error?: unknown): void {
    if (ended) {
      if (error !== undefined) writer.unread(error)
      return
    }
    ended = error === undefined ? {} : { error }
    for (const waiter of waiting.splice(0)) settle(waiter)
  }

  function stop(error?: unknown): void {
    if (!ended) ready.length = 0
    end(error)
  }

  /** An error is thrown once; after it, as after `return()`, there is nothing. */
  function settle({ resolve, reject }: Waiter<T>): void {
    if (ended && 'error' in ended) {
      const { error } = ended
      ended = {}
      reject(error)
    } else resolve(nothing)
  }

  const events: AsyncIterableIterator<T, undefined, undefined> = {
    next() {
      reads += 1
      const [event] = ready
      if (event !== undefined) {
        ready.shift()
        return Promise.resolve({ done: false, value: event })
      }
      return new Promise((resolve, reject) => {
        const waiter = { resolve, reject }
        if (ended) return settle(waiter)
        waiting.push(waiter)
        writer.pull()
      })
    },
    return() {
      const isEarly = !ended
      const unread = ended?.error
      ready.length = 0
      end()
      ended = {} // a reader who leaves wants no error
      if (isEarly) writer.leave()
      if (unread !== undefined) writer.unread(unread)
      return Promise.resolve(nothing)
    },
    [Symbol.asyncIterator]() {
      return events
    },
  }

  return {
    events,
    emit(event) {
      if (ended) return
      const waiter = waiting.shift()
      if (waiter) waiter.resolve({ done: false, value: event })
      else ready.push(event)
    },
    end,
    stop,
    isWaiting: () => waiting.length > 0,
    reads: () => reads,
  }
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (error: unknown) => void
}

const nothing: IteratorReturnResult<undefined> = { done: true, value: undefined }

import type { LoggedEvent } from '../turn-log.js'

/** What readers of one turn have in common. */
export interface ReadableTurn {
  /**
   * The events after a number: none if they are still to come, `undefined` if nothing more will. A promise if they have
   * to be fetched.
   */
  take(after: number): Piece | Promise<Piece>
  /** Woken once, when `take` may have more to give. */
  readonly waiting: Set<() => void>
}

export type Piece = readonly LoggedEvent[] | undefined

/** Wakes those who wait now. They may wait again at once. */
export function wakeReaders({ waiting }: ReadableTurn): void {
  const woken = [...waiting]
  waiting.clear()
  for (const wake of woken) wake()
}

/**
 * A reader of a turn: a position and nothing else, so one that does not read costs nothing. It ends when its caller
 * wants, not when the turn has something to say, which an async generator would wait for.
 */
export function readTurnLog(
  turn: ReadableTurn,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
  onLeave = () => {},
): AsyncIterableIterator<readonly LoggedEvent[], undefined, undefined> {
  let position = after
  let hasLeft = false
  let wake = () => {}
  let onLeft = () => {}
  const left = new Promise<undefined>((resolve) => {
    onLeft = () => resolve(undefined)
  })

  function leave(): void {
    if (hasLeft) return
    hasLeft = true
    signal.removeEventListener('abort', leave)
    turn.waiting.delete(wake)
    wake()
    onLeft()
    onLeave()
  }

  async function next(): Promise<IteratorResult<readonly LoggedEvent[], undefined>> {
    while (!hasLeft) {
      const taken = turn.take(position)
      // No await where there is nothing to wait for: an event that came in between would wake nobody.
      const events = taken instanceof Promise ? await Promise.race([taken, left]) : taken
      if (hasLeft || !events) break
      const newest = events.at(-1)
      if (newest) {
        position = newest.seq
        if (newest.last) leave()
        return { done: false, value: events }
      }
      await new Promise<void>((resolve) => {
        wake = resolve
        turn.waiting.add(resolve)
      })
    }
    leave()
    return nothing
  }

  let asked: Promise<unknown> = Promise.resolve()
  const reader: AsyncIterableIterator<readonly LoggedEvent[], undefined, undefined> = {
    /** One at a time: two that look at one position would give its events twice. */
    next() {
      const result = asked.then(next)
      asked = result.catch(leave)
      return result
    },
    return() {
      leave()
      return Promise.resolve(nothing)
    },
    [Symbol.asyncIterator]: () => reader,
  }
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return reader
}

const nothing: IteratorReturnResult<undefined> = { done: true, value: undefined }

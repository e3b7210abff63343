import type { LoggedEvent } from '../turn-log.js'

/** What readers of one turn have in common. */
export interface ReadableTurn {
  /**
   * The events after a number: none if they are still to come, `undefined` if nothing more will. A promise if they have
   * to be fetched.
   */
  take(after: number): Piece | Promise<Piece>
  /** Woken when `take` may have more to give. */
  readonly waiting: WaitingReaders
}

interface WaitingReader {
  wake(): void
}

export type Piece = readonly LoggedEvent[] | undefined

/** Those who have read all there is. */
export interface WaitingReaders {
  add(reader: WaitingReader): void
  delete(reader: WaitingReader): void
  hasSome(): boolean
  /** Has them look again, once for all that comes in the same moment. */
  wake(): void
}

export function waitingReaders(): WaitingReaders {
  let readers = new Set<WaitingReader>()
  let isWaking = false
  return {
    add: (reader) => void readers.add(reader),
    delete: (reader) => void readers.delete(reader),
    hasSome: () => readers.size > 0,
    wake() {
      if (isWaking || readers.size === 0) return
      isWaking = true
      queueMicrotask(() => {
        isWaking = false
        const woken = readers
        // They may wait again at once.
        readers = new Set()
        for (const reader of woken) reader.wake()
      })
    },
  }
}

/** Reads a turn until its end, until `signal` aborts, or until the reader returns. */
export function readTurnLog(
  turn: ReadableTurn,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
  onLeave?: () => void,
): AsyncIterable<readonly LoggedEvent[]> {
  return new TurnReader(turn, after, signal, onLeave)
}

/**
 * A position in a turn. It ends when its caller wants, not when the turn has something to say, which an async generator
 * would wait for. A class, as there may be 10,000: closures would take three times the memory.
 */
class TurnReader implements AsyncIterableIterator<readonly LoggedEvent[], undefined, undefined>, WaitingReader {
  readonly #turn: ReadableTurn
  readonly #signal: AbortSignal
  readonly #onLeave: (() => void) | undefined
  #position: number
  #hasLeft = false
  #asked: Asked | undefined

  constructor(turn: ReadableTurn, after: number, signal: AbortSignal, onLeave: (() => void) | undefined) {
    this.#turn = turn
    this.#position = after
    this.#signal = signal
    this.#onLeave = onLeave
    if (signal.aborted) this.#leave()
    else signal.addEventListener('abort', this)
  }

  next(): Promise<IteratorResult<readonly LoggedEvent[], undefined>> {
    if (this.#hasLeft) return Promise.resolve(nothing)
    // One at a time: two that look at one position would give its events twice.
    if (this.#asked) return this.#asked.promise.then(() => this.next())
    const asked = ask()
    this.#asked = asked
    this.wake()
    return asked.promise
  }

  return(): Promise<IteratorResult<readonly LoggedEvent[], undefined>> {
    this.#leave()
    return Promise.resolve(nothing)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  wake(): void {
    if (!this.#asked) return
    try {
      const taken = this.#turn.take(this.#position)
      if (taken instanceof Promise) {
        taken.then(
          (piece) => this.#give(piece),
          (error: unknown) => this.#fail(error),
        )
      } else this.#give(taken)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** `signal` aborts. */
  handleEvent(): void {
    this.#leave()
  }

  #give(piece: Piece): void {
    const asked = this.#asked
    if (!asked) return
    const newest = piece?.at(-1)
    if (!piece) this.#leave()
    else if (!newest) this.#turn.waiting.add(this)
    else {
      this.#asked = undefined
      this.#position = newest.seq
      if (newest.last) this.#leave()
      asked.resolve({ done: false, value: piece })
    }
  }

  #fail(error: unknown): void {
    const asked = this.#asked
    this.#asked = undefined
    this.#leave()
    asked?.reject(error)
  }

  #leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#signal.removeEventListener('abort', this)
    this.#turn.waiting.delete(this)
    this.#asked?.resolve(nothing)
    this.#asked = undefined
    this.#onLeave?.()
  }
}

interface Asked {
  readonly promise: Promise<IteratorResult<readonly LoggedEvent[], undefined>>
  readonly resolve: (result: IteratorResult<readonly LoggedEvent[], undefined>) => void
  readonly reject: (error: unknown) => void
}

function ask(): Asked {
  let resolve: Asked['resolve'] = () => {}
  let reject: Asked['reject'] = () => {}
  const promise: Asked['promise'] = new Promise((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

const nothing: IteratorReturnResult<undefined> = { done: true, value: undefined }

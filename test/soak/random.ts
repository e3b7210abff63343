/** Random numbers that a seed repeats. */
export interface Random {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from 0 up to `end`. */
  below(end: number): number
  chance(probability: number): boolean
  pick<T>(values: readonly [T, ...T[]]): T
}

/** mulberry32: small, fast, and good enough to choose actions with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (values) => values[below(values.length)] ?? values[0],
  }
}

/** Until the returned function is called, what the store takes for random (ids of pages and scopes) is the same in each run. */
export function repeatableRandom(): () => void {
  const random = createRandom(1)
  const fill = <T extends ArrayBufferView>(view: T): T => {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).forEach((_, at, bytes) => {
      bytes[at] = random.below(256)
    })
    return view
  }
  Object.defineProperty(crypto, 'getRandomValues', { value: fill, configurable: true })
  return () => void Reflect.deleteProperty(crypto, 'getRandomValues')
}

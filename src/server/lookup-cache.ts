import { type Clock, inTime, systemClock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'

/** Answers that stay true for a while, by key. */
export interface LookupCache<V> {
  /** The value, kept or looked up. Who asks for a key that is being looked up waits for the same answer. */
  get(key: string, lookUp: (key: string) => Promise<V | undefined>): Promise<V | undefined>
  /** Forgets the value; with `expected`, only if it is that one: another may have been looked up since. */
  delete(key: string, expected?: V): void
}

/** Settings of {@link createLookupCache}. */
export interface LookupCacheOptions {
  /** How long a value is kept. */
  readonly ttlMs: number
  /** How many keys are kept, the ones looked up last; 10,000. */
  readonly capacity?: number
  /** How long a lookup may take before it fails as `unreachable` and the key is free for another one; 10 s. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

/**
 * A cache for lookups that rarely change, such as which domain id a hostname has. Absence is not kept, so what is added
 * is found at once; nor is failure.
 *
 * @example
 * ```ts
 * import { createLookupCache, supabaseAgentSessions } from 'leftoff/server'
 *
 * const domainIds = createLookupCache<string>({ ttlMs: 5 * 60_000 })
 * const sessionStore = supabaseAgentSessions({ client: serviceClient, domainIds })
 * ```
 */
export function createLookupCache<V>({
  ttlMs,
  capacity = 10_000,
  timeoutMs = 10_000,
  clock = systemClock,
}: LookupCacheOptions): LookupCache<V> {
  // The oldest answer first.
  const kept = new Map<string, { readonly value: V; readonly until: number }>()
  const flights = new Map<string, Promise<V | undefined>>()

  function keep(key: string, value: V, until: number): void {
    kept.delete(key)
    kept.set(key, { value, until })
    for (const oldest of kept.keys()) {
      if (kept.size <= capacity) return
      kept.delete(oldest)
    }
  }

  return {
    async get(key, lookUp) {
      const entry = kept.get(key)
      if (entry && entry.until > clock.monotonic()) return entry.value
      kept.delete(key)
      const running = flights.get(key)
      if (running) return running

      // From before the lookup: what it says may be as old as that.
      const until = clock.monotonic() + ttlMs
      // One that never answers must not block its key forever.
      const late = () => new LeftoffError('unreachable', `A lookup did not answer within ${timeoutMs} ms. Try again.`)
      const flight = inTime(clock, lookUp(key), timeoutMs, late)
      flights.set(key, flight)
      try {
        const value = await flight
        // Deleted in the meantime: the answer may be older than that.
        if (value !== undefined && flights.get(key) === flight) keep(key, value, until)
        return value
      } finally {
        if (flights.get(key) === flight) flights.delete(key)
      }
    },

    delete(key, expected) {
      if (expected === undefined) flights.delete(key)
      if (expected === undefined || kept.get(key)?.value === expected) kept.delete(key)
    },
  }
}

import { describe, expect, it, vi } from 'vitest'
import { createLookupCache } from '../../src/server/lookup-cache.js'
import { manualClock } from '../../src/testing/manual-clock.js'

describe('createLookupCache', () => {
  it('looks a key up once while the value is fresh, and anew when its time is over', async () => {
    const clock = manualClock()
    const cache = createLookupCache<string>({ ttlMs: 1_000, clock })
    const lookUp = vi.fn(async (key: string) => `${key}!`)
    expect(await cache.get('a', lookUp)).toBe('a!')
    await clock.advance(999)
    expect(await cache.get('a', lookUp)).toBe('a!')
    expect(lookUp).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    await cache.get('a', lookUp)
    expect(lookUp).toHaveBeenCalledTimes(2)
  })

  it('has one lookup under way per key, and each who asks gets its answer', async () => {
    const cache = createLookupCache<string>({ ttlMs: 1_000 })
    const answer = held<string>()
    const lookUp = vi.fn(() => answer.promise)
    const both = Promise.all([cache.get('a', lookUp), cache.get('a', lookUp)])
    answer.resolve('value')
    expect(await both).toEqual(['value', 'value'])
    expect(lookUp).toHaveBeenCalledTimes(1)
  })

  it('keeps neither absence nor failure', async () => {
    const cache = createLookupCache<string>({ ttlMs: 1_000 })
    expect(await cache.get('a', async () => undefined)).toBeUndefined()
    await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(await cache.get('a', async () => 'now')).toBe('now')
  })

  it('keeps no more than its capacity: the longest known goes first', async () => {
    const cache = createLookupCache<string>({ ttlMs: 1_000, capacity: 2 })
    for (const key of ['a', 'b', 'c']) await cache.get(key, async () => 'old')
    expect(await cache.get('b', async () => 'new')).toBe('old')
    expect(await cache.get('c', async () => 'new')).toBe('old')
    expect(await cache.get('a', async () => 'new')).toBe('new')
  })

  it('forgets a value, but with an expected one no newer value', async () => {
    const cache = createLookupCache<string>({ ttlMs: 1_000 })
    await cache.get('a', async () => 'first')
    cache.delete('a', 'another')
    expect(await cache.get('a', async () => 'second')).toBe('first')
    cache.delete('a', 'first')
    expect(await cache.get('a', async () => 'second')).toBe('second')
    cache.delete('a')
    expect(await cache.get('a', async () => 'third')).toBe('third')
  })

  it('does not keep what was looked up before the key was deleted', async () => {
    const cache = createLookupCache<string>({ ttlMs: 1_000 })
    const answer = held<string>()
    const early = cache.get('a', () => answer.promise)
    cache.delete('a')
    const late = cache.get('a', async () => 'new')
    answer.resolve('old')
    expect(await Promise.all([early, late])).toEqual(['old', 'new'])
    expect(await cache.get('a', async () => 'newest')).toBe('new')
  })

  it('counts the time from before the lookup: its answer may be as old as that', async () => {
    const clock = manualClock()
    const cache = createLookupCache<string>({ ttlMs: 1_000, clock })
    const answer = held<string>()
    const slow = cache.get('a', () => answer.promise)
    await clock.advance(900)
    answer.resolve('old')
    await slow
    await clock.advance(100)
    expect(await cache.get('a', async () => 'new')).toBe('new')
  })
})

function held<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('a lookup that never answers', () => {
  it('fails within a bound, and its key is free for another one', async () => {
    const clock = manualClock()
    const cache = createLookupCache<string>({ ttlMs: 1_000, timeoutMs: 5_000, clock })
    const silent = cache.get('a', () => new Promise(() => {}))
    const waiting = cache.get('a', async () => 'not asked')
    const refused = Promise.all(
      [silent, waiting].map((answer) => expect(answer).rejects.toMatchObject({ code: 'unreachable' })),
    )
    await clock.advance(5_000)
    await refused
    expect(await cache.get('a', async () => 'found')).toBe('found')
  })
})

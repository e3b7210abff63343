import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { openWorld } from './driver.js'
import { fault } from './fault.js'
import { letThrow, withUnhandled } from './outcome.js'

/** A clock that is wrong, and a conversation that is stored. */
interface Situation {
  readonly clockAheadMs?: number
  readonly messageCount?: number
}

describe('extreme numbers', () => {
  /** Whether the page writes forever after `say`. */
  async function isEndless({ messageCount, ...options }: Situation, tokens?: number): Promise<string> {
    const world = openWorld()
    if (messageCount !== undefined) world.plantRow({ conversationId: 'c1', messageCount })
    const page = world.openPage(options)
    await page.opened()
    const isExceeded = world.device().allowWrites(200)
    page.say('hello', tokens === undefined ? {} : { tokens })
    await world.pass(60_000)
    return isExceeded() ? 'forever' : 'bounded'
  }

  fault('S17', {
    title: 'are clamped or refused once instead of being written forever',
    async run() {
      return {
        usageOf1e16: await isEndless({}, 1e16),
        countAtTheLargestInteger: await isEndless({ messageCount: Number.MAX_SAFE_INTEGER }),
        clockBelowZero: await isEndless({ clockAheadMs: -Date.UTC(2027, 0, 1) }),
      }
    },
    seen: { usageOf1e16: 'forever', countAtTheLargestInteger: 'forever', clockBelowZero: 'forever' },
    right: { usageOf1e16: 'bounded', countAtTheLargestInteger: 'bounded', clockBelowZero: 'bounded' },
  })

  it.each([
    ['tokens beyond what a number counts', {}, { tokens: 1e16 }, { messages: 1, tokens: Number.MAX_SAFE_INTEGER }],
    ['tokens that are not a number', {}, { tokens: Number.NaN }, { messages: 1, tokens: 0 }],
    [
      'a count that is the largest already',
      { messageCount: Number.MAX_SAFE_INTEGER },
      {},
      { messages: Number.MAX_SAFE_INTEGER },
    ],
    ['a clock below zero', { clockAheadMs: -Date.UTC(2027, 0, 1) }, {}, { messages: 1 }],
  ])('lose no message: %s', async (_, { messageCount, ...options }: Situation, said, stored) => {
    const world = openWorld()
    if (messageCount !== undefined) world.plantRow({ conversationId: 'c1', messageCount })
    const page = world.openPage(options)
    await page.opened()
    page.say('hello', said)
    await world.soon(page.flush(), 60_000)
    expect(await world.rows()).toMatchObject([{ ...stored, preview: 'hello' }])
  })
})

describe('an app', () => {
  fault('S30', {
    title: 'with a throwing listener keeps a working chat',
    async run() {
      const failure = new Error('The listener of the app fails.')
      const { value, unhandled } = await withUnhandled(() =>
        letThrow(failure, async () => {
          const world = openWorld()
          const page = world.openPage()
          await page.opened()
          page.onChange(() => {
            throw failure
          })
          page.say('hello')
          await world.pass(10_000)
          return page.events.includes('degraded')
        }),
      )
      return { isDegraded: value, unhandled }
    },
    seen: { isDegraded: true, unhandled: 1 },
    right: { isDegraded: false, unhandled: 0 },
  })

  fault('S31', {
    title: 'can set an open timeout beyond what timers support',
    async run() {
      async function openedWithin(openTimeoutMs: number): Promise<string> {
        const world = openWorld()
        const before = world.openPage()
        const id = await before.opened()
        before.say('hello')
        await world.soon(before.flush())
        before.close()
        await world.pass(5_000)
        // Real timers: the platform turns such a delay into the shortest one.
        const clock = { ...world.clock, setTimeout: systemClock.setTimeout }
        const page = world.openPage({ clock, openTimeoutMs })
        page.faults.list = { takesMs: 1_000 }
        const opening = page.open()
        await world.pass(0)
        // Timers with the same delay run in order, so the store's has run by now.
        await new Promise((resolve) => setTimeout(resolve, 1))
        await world.pass(1_000)
        return `${(await opening) === id ? 'the same' : 'another'}, ${page.status()}`
      }
      return { of2To31: await openedWithin(2 ** 31), infinite: await openedWithin(Number.POSITIVE_INFINITY) }
    },
    seen: { of2To31: 'another, degraded', infinite: 'another, degraded' },
    right: { of2To31: 'the same, ready', infinite: 'the same, ready' },
  })
})

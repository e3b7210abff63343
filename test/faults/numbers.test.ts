import { describe } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { openWorld } from './driver.js'
import { fault } from './fault.js'
import { withUnhandled } from './outcome.js'

describe('numbers at their ends', () => {
  /** Whether the page writes without end after `say`. */
  async function isEndless(
    situation: { readonly clockAheadMs?: number; readonly messageCount?: number },
    tokens?: number,
  ): Promise<string> {
    const { messageCount, ...options } = situation
    const world = openWorld()
    if (messageCount !== undefined) world.plantRow({ conversationId: 'c1', messageCount })
    const page = world.openPage(options)
    await page.opened()
    const isExceeded = world.device().allowWrites(1_000)
    page.say('hello', tokens === undefined ? {} : { tokens })
    await world.pass(60_000)
    return isExceeded() ? 'without end' : 'bounded'
  }

  fault('S17', {
    title: 'are clamped or refused once, never written again and again',
    async run() {
      return {
        usageOf1e16: await isEndless({}, 1e16),
        countAtTheLargestInteger: await isEndless({ messageCount: Number.MAX_SAFE_INTEGER }),
        clockBelowZero: await isEndless({ clockAheadMs: -Date.UTC(2027, 0, 1) }),
      }
    },
    seen: { usageOf1e16: 'without end', countAtTheLargestInteger: 'without end', clockBelowZero: 'without end' },
    right: { usageOf1e16: 'bounded', countAtTheLargestInteger: 'bounded', clockBelowZero: 'bounded' },
  })
})

describe('an app', () => {
  fault('S30', {
    title: 'whose listener throws has a chat that goes on and is saved',
    async run() {
      const { value, unhandled } = await withUnhandled(async () => {
        const world = openWorld()
        const page = world.openPage()
        await page.opened()
        page.onChange(() => {
          throw new Error('The listener of the app fails.')
        })
        try {
          page.say('hello')
        } catch {
          // As with any zustand store, whoever changes the state may hear of it.
        }
        await world.pass(10_000)
        return page.events.includes('degraded')
      })
      return { isDegraded: value, unhandled }
    },
    seen: { isDegraded: true, unhandled: 1 },
    right: { isDegraded: false, unhandled: 0 },
  })

  fault('S31', {
    title: 'may wait for an opening as long as it likes',
    async run() {
      async function openedWithin(openTimeoutMs: number): Promise<string> {
        const world = openWorld()
        const before = world.openPage()
        const id = await before.opened()
        before.say('hello')
        await world.soon(before.flush())
        before.close()
        await world.pass(5_000)
        // On the timers of the platform, which take such a time for the shortest there is.
        const clock = { ...world.clock, setTimeout: systemClock.setTimeout }
        const page = world.openPage({ clock, openTimeoutMs })
        page.faults.list = { takesMs: 1_000 }
        const opening = page.open()
        await world.pass(0)
        // Timers of one length run in their order, so that one has run by now.
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

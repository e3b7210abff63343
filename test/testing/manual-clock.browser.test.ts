import { expect, it } from 'vitest'
import { manualClockBehaviour, realTimersOf } from './manual-clock-behaviour.js'

manualClockBehaviour()

it('sets no real timer in a browser, which has no setImmediate', async () => {
  expect('setImmediate' in globalThis).toBe(false)
  expect(await realTimersOf(1_000)).toBe(0)
})

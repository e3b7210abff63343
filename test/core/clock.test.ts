import { expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'

const hour = 60 * 60 * 1_000

/** How many timers a Node process that has nothing else to do waits for. */
function timersWaitedFor(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
}

it('holds up a Node process for a timer by default', () => {
  const before = timersWaitedFor()
  const cancelIdle = systemClock.setTimeout(() => {}, hour, { keepsAlive: false })
  expect(timersWaitedFor()).toBe(before)
  const cancel = systemClock.setTimeout(() => {}, hour)
  expect(timersWaitedFor()).toBe(before + 1)
  cancel()
  cancelIdle()
  expect(timersWaitedFor()).toBe(before)
})

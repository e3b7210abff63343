import { describe } from 'vitest'
import { openWorld } from './driver.js'
import { fault } from './fault.js'

const day = 24 * 60 * 60 * 1_000

describe('wrong clocks', () => {
  fault('S1', {
    title: 'a device whose clock is 100 days ahead removes nothing from the account',
    async run() {
      const world = openWorld({ adapter: 'account' })
      const page = world.openPage({ user: 'u' })
      const ids: string[] = [await page.opened()]
      page.say('first')
      for (const text of ['second', 'third', 'fourth', 'fifth']) {
        await world.pass(60_000)
        ids.push(page.begin())
        page.say(text)
      }
      await world.soon(page.flush())

      const ahead = world.openPage({ user: 'u', device: 'phone', clockAheadMs: 100 * day })
      await ahead.opened()
      await world.pass(60_000)
      const left = (await world.rows('u')).length

      page.say('second, again', { conversationId: ids[1] ?? '' })
      await world.pass(60_000)
      const second = (await world.rows('u')).find(({ id }) => id === ids[1])
      return { rowsOfFive: left, messagesSavedLater: second?.messages ?? 0 }
    },
    seen: { rowsOfFive: 1, messagesSavedLater: 0 },
    right: { rowsOfFive: 5, messagesSavedLater: 2 },
  })

  fault('S2', {
    title: 'the latest message is on top and resumed, even after a clock ran a year ahead',
    async run() {
      const world = openWorld()
      world.jump(365 * day)
      const early = world.openPage()
      const earlyId = await early.opened()
      early.say('said while the clock was a year ahead')
      await world.soon(early.flush())
      world.jump(-365 * day)
      await world.pass(60_000)
      const lateId = early.begin()
      early.say('said later')
      await world.soon(early.flush())
      early.close()
      await world.pass(60_000)

      const names = new Map([
        [earlyId, 'said first'],
        [lateId, 'said last'],
      ])
      const next = world.openPage()
      const resumed = await next.opened()
      const [top] = next.shown()
      return { resumed: names.get(resumed) ?? 'another', top: names.get(top?.id ?? '') ?? 'another' }
    },
    seen: { resumed: 'said first', top: 'said first' },
    right: { resumed: 'said last', top: 'said last' },
  })
})

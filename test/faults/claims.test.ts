import { describe } from 'vitest'
import { openWorld, type Page } from './driver.js'
import { fault } from './fault.js'

describe('two tabs', () => {
  fault('S3', {
    title: 'never share a conversation, even if the first lock answer takes 1.2 s',
    async run() {
      const world = openWorld()
      const slow = world.openPage({ firstLockAnswerMs: 1_200 })
      await slow.opened()
      await world.pass(5_000)
      const id = slow.begin()
      slow.say('hello')
      await world.soon(slow.flush(), 5_000)
      const other = world.openPage()
      await other.opened()
      await world.pass(5_000)
      const isReadyOnIt = (page: Page) => page.current() === id && page.status() === 'ready'
      return { tabsReadyOnIt: [slow, other].filter(isReadyOnIt).length }
    },
    seen: { tabsReadyOnIt: 2 },
    right: { tabsReadyOnIt: 1 },
  })

  fault('S39', {
    title: 'report that they share a conversation if the browser has neither locks nor channels',
    async run() {
      const world = openWorld()
      world.device().browser.lockMode = 'missing'
      const pages: Page[] = []
      for (let count = 0; count < 6; count++) {
        const page = world.openPage({ hasChannel: false })
        await page.opened()
        page.say('hello')
        await world.soon(page.flush(), 2_000)
        pages.push(page)
      }
      const onOne = pages.filter((page) => page.current() === pages[0]?.current())
      const silent = onOne.filter(({ events }) => !events.includes('claims-unavailable')).length
      return `${onOne.length} windows share one, ${silent} of them silently`
    },
    seen: '6 windows share one, 6 of them silently',
    right: '6 windows share one, 0 of them silently',
  })

  fault('S33', {
    title: 'can follow one another: opening right after another tab closed takes at most 250 ms',
    async run() {
      const world = openWorld()
      const first = world.openPage()
      await first.opened()
      first.say('hello')
      await world.soon(first.flush())
      first.close()
      const second = world.openPage()
      let isOpen = false
      void second.open().then(() => {
        isOpen = true
      })
      let waitedMs = 0
      await world.pass(0)
      for (; !isOpen && waitedMs < 60_000; waitedMs += 50) await world.pass(50)
      return waitedMs <= 250 ? 'at most 250 ms' : `${waitedMs} ms`
    },
    seen: '1500 ms',
    right: 'at most 250 ms',
  })
})

describe('a conversation comes back', () => {
  fault('S14', {
    title: 'to a user who left for a moment during a save',
    async run() {
      const world = openWorld()
      const page = world.openPage({ user: 'u' })
      const before = await page.opened()
      page.say('one')
      await world.soon(page.flush())
      page.faults.save = { takesMs: 1_000 }
      page.say('two')
      await world.pass(100)
      void page.setUser(null)
      void page.setUser('u')
      const after = await page.opened()
      return after === before ? 'the same' : 'another'
    },
    seen: 'another',
    right: 'the same',
  })

  fault('S14b', {
    title: 'to a store recreated in the page during a save',
    async run() {
      const world = openWorld()
      const page = world.openPage()
      const before = await page.opened()
      page.say('one')
      await world.soon(page.flush())
      page.faults.save = { takesMs: 1_000 }
      page.say('two')
      await world.pass(100)
      void page.dispose()
      const after = await page.another().opened()
      return after === before ? 'the same' : 'another'
    },
    seen: 'another',
    right: 'the same',
  })

  fault('S24', {
    title: 'to a store recreated without disposing the first, as hot reload does',
    async run() {
      const world = openWorld()
      const page = world.openPage()
      const before = await page.opened()
      page.say('one')
      await world.soon(page.flush())
      const after = await page.another().opened()
      return after === before ? 'the same' : 'another'
    },
    seen: 'another',
    right: 'the same',
  })

  fault('S24b', {
    title: 'to its own panel after a reload',
    async run() {
      const world = openWorld()
      const left = world.openPage({ panel: 'left' })
      const right = left.another({ panel: 'right' })
      const panelOf = new Map([
        [await left.opened(), "left's"],
        [await right.opened(), "right's"],
      ])
      left.say('left')
      right.say('right')
      await world.soon(Promise.all([left.flush(), right.flush()]))
      const leftAgain = left.reload({ panel: 'left' })
      const rightAgain = leftAgain.another({ panel: 'right' })
      return {
        left: panelOf.get(await leftAgain.opened()) ?? 'another',
        right: panelOf.get(await rightAgain.opened()) ?? 'another',
      }
    },
    seen: { left: "right's", right: 'another' },
    right: { left: "left's", right: "right's" },
  })
})

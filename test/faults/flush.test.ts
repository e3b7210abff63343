import { describe } from 'vitest'
import { openWorld } from './driver.js'
import { fault } from './fault.js'
import { watch } from './outcome.js'

describe('what is said', () => {
  fault('S11', {
    title: 'while a conversation opens is stored once flush resolves',
    async run() {
      const world = openWorld()
      const page = world.openPage()
      page.faults.list = { takesMs: 1_000 }
      void page.open()
      page.say('hello')
      const flush = watch(page.flush())
      for (let ms = 0; flush.outcome() === 'pending' && ms < 60_000; ms += 100) await world.pass(100)
      return { flush: flush.outcome(), storedByThen: await world.messages() }
    },
    seen: { flush: 'resolved', storedByThen: 0 },
    right: { flush: 'resolved', storedByThen: 1 },
  })

  fault('S11b', {
    title: 'while a conversation opens survives leaving the page',
    async run() {
      const world = openWorld()
      const before = world.openPage()
      await before.opened()
      before.say('one')
      await world.soon(before.flush())
      const page = before.reload()
      page.faults.list = { takesMs: 1_000 }
      void page.open()
      page.say('two')
      page.say('three')
      await world.pass(100)
      const next = page.reload()
      await next.opened()
      await world.soon(next.flush(), 10_000)
      return { said: 3, stored: await world.messages() }
    },
    seen: { said: 3, stored: 1 },
    right: { said: 3, stored: 3 },
  })

  fault('S11c', {
    title: 'about an unreadable conversation makes flush reject and survives leaving the page',
    async run() {
      const world = openWorld({ adapter: 'account' })
      const first = world.openPage({ user: 'u' })
      const id = await first.opened()
      first.say('one')
      await world.soon(first.flush())
      first.close()
      const page = world.openPage({ user: 'u' })
      for (const call of ['list', 'get', 'save'] as const) page.faults[call] = 'fails'
      await page.opened('elsewhere')
      page.say('two', { conversationId: id })
      const flush = watch(page.flush())
      await world.pass(1_000)
      const flushed = flush.outcome()
      const next = page.reload()
      await next.opened('elsewhere')
      await world.soon(next.flush(), 60_000)
      return { flush: flushed, said: 2, stored: await world.messages('u') }
    },
    seen: { flush: 'resolved', said: 2, stored: 1 },
    right: { flush: 'rejected', said: 2, stored: 2 },
  })

  fault('S11d', {
    title: 'while another tab holds the conversation is stored once flush resolves',
    async run() {
      const world = openWorld()
      const page = world.openPage()
      const id = await page.opened()
      page.say('one')
      await world.soon(page.flush())
      page.sleep()
      await world.pass(5_000)
      const other = world.openPage()
      const theirs = await other.opened()
      page.wake()
      await world.pass(5_000)
      page.say('two')
      const flush = watch(page.flush())
      await world.pass(10_000)
      return {
        status: theirs === id ? page.status() : 'alone',
        flush: flush.outcome(),
        said: 2,
        stored: await world.messages(),
      }
    },
    seen: { status: 'watching', flush: 'resolved', said: 2, stored: 1 },
    right: { status: 'watching', flush: 'resolved', said: 2, stored: 2 },
  })
})

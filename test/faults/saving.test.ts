import { describe } from 'vitest'
import { openWorld } from './driver.js'
import { fault } from './fault.js'
import { watch, withUnhandled } from './outcome.js'

describe('a save whose answer is lost', () => {
  fault('S9', {
    title: 'is counted once, though someone else saved before its repeat',
    async run() {
      const world = openWorld({ adapter: 'account' })
      const [page, other] = [world.openPage({ user: 'u' }), world.openPage({ user: 'u', device: 'phone' })]
      const id = await page.opened()
      page.say('one', { tokens: 10 })
      await world.soon(page.flush())
      await other.opened('elsewhere')
      page.faults.save = 'loses its answer'
      page.say('two', { tokens: 10 })
      await world.pass(1_000)
      page.faults.save = undefined
      other.rename(id, 'A title')
      await world.soon(other.flush())
      await world.soon(page.flush(), 60_000)
      const [row] = (await world.rows('u')).filter((found) => found.id === id)
      return { said: 2, stored: row?.messages ?? 0, tokens: row?.tokens ?? 0 }
    },
    seen: { said: 2, stored: 3, tokens: 30 },
    right: { said: 2, stored: 2, tokens: 20 },
  })

  fault('S9b', {
    title: 'puts no older preview over a newer one when it is repeated',
    async run() {
      const world = openWorld({ adapter: 'account' })
      const [page, other] = [world.openPage({ user: 'u' }), world.openPage({ user: 'u', device: 'phone' })]
      const id = await page.opened()
      page.say('one')
      await world.soon(page.flush())
      await other.opened('elsewhere')
      page.faults.save = 'loses its answer'
      page.say('older')
      await world.pass(1_000)
      page.faults.save = undefined
      other.say('newer', { conversationId: id })
      await world.soon(other.flush())
      await world.soon(page.flush(), 60_000)
      const [row] = (await world.rows('u')).filter((found) => found.id === id)
      return { said: 3, stored: row?.messages ?? 0, preview: row?.preview ?? '' }
    },
    seen: { said: 3, stored: 4, preview: 'older' },
    right: { said: 3, stored: 3, preview: 'newer' },
  })
})

describe('an offline device', () => {
  fault('S10', {
    title: 'that comes back late replaces no later preview and no later title',
    async run() {
      const world = openWorld({ adapter: 'account' })
      const phone = world.openPage({ user: 'u', device: 'phone' })
      const id = await phone.opened()
      phone.say('one')
      await world.soon(phone.flush())
      const desk = world.openPage({ user: 'u' })
      await desk.opened()
      for (const call of ['list', 'get', 'save'] as const) phone.faults[call] = 'fails'
      phone.say('earlier, offline')
      phone.rename(id, 'Earlier title')
      await world.pass(60_000)
      desk.say('later', { conversationId: id })
      desk.rename(id, 'Later title')
      await world.soon(desk.flush(), 60_000)
      for (const call of ['list', 'get', 'save'] as const) phone.faults[call] = undefined
      await world.soon(phone.flush(), 60_000)
      const [row] = (await world.rows('u')).filter((found) => found.id === id)
      return { messages: row?.messages ?? 0, preview: row?.preview ?? '', title: row?.title ?? '' }
    },
    seen: { messages: 3, preview: 'earlier, offline', title: 'Earlier title' },
    right: { messages: 3, preview: 'later', title: 'Later title' },
  })
})

describe('what is said', () => {
  fault('S11', {
    title: 'while a conversation opens is stored once flush has resolved',
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
    title: 'while a conversation opens outlives the page, if that is left before',
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
    title: 'about a conversation that cannot be read now is not called saved by flush, and outlives the page',
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
    title: 'while another tab has the conversation is stored once flush has resolved',
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

describe('a removal', () => {
  fault('S15', {
    title: 'that fails while a save is under way rejects for who asked, and nowhere else',
    async run() {
      const { value, unhandled } = await withUnhandled(async () => {
        const world = openWorld()
        const page = world.openPage()
        const id = await page.opened()
        page.say('one')
        await world.soon(page.flush())
        page.begin()
        page.say('two')
        await world.soon(page.flush())
        page.faults.save = { takesMs: 1_000 }
        page.faults.remove = 'fails'
        page.say('three')
        const removing = watch(page.remove(id))
        await world.pass(1_500)
        return removing.outcome()
      })
      return { removal: value, unhandled }
    },
    seen: { removal: 'rejected', unhandled: 1 },
    right: { removal: 'rejected', unhandled: 0 },
  })

  fault('S32b', {
    title: 'resolves once it is done, whatever becomes of another row',
    async run() {
      const world = openWorld()
      const page = world.openPage()
      const id = await page.opened()
      page.say('one')
      await world.soon(page.flush())
      page.begin()
      page.faults.save = 'fails'
      page.say('two')
      const removing = watch(page.remove(id))
      await world.pass(1_500)
      const isGone = (await world.rows()).every((row) => row.id !== id)
      return { removal: removing.outcome(), isGone }
    },
    seen: { removal: 'rejected', isGone: true },
    right: { removal: 'resolved', isGone: true },
  })
})

describe('a storage that fails', () => {
  fault('S32', {
    title: 'and could not clear a workspace keeps what is not saved yet',
    async run() {
      const world = openWorld()
      const page = world.openPage()
      await page.opened()
      page.say('one')
      await world.soon(page.flush())
      for (const call of ['list', 'get', 'save', 'remove', 'clear'] as const) page.faults[call] = 'fails'
      page.say('two')
      const clearing = watch(page.clear())
      await world.pass(1_500)
      for (const call of ['list', 'get', 'save', 'remove', 'clear'] as const) page.faults[call] = undefined
      await world.pass(60_000)
      await world.soon(page.flush(), 10_000)
      return { clear: clearing.outcome(), said: 2, stored: await world.messages() }
    },
    seen: { clear: 'rejected', said: 2, stored: 1 },
    right: { clear: 'rejected', said: 2, stored: 2 },
  })

  fault('S32c', {
    title: 'for want of room makes setUser reject, as the words of the user before are not stored',
    async run() {
      const world = openWorld()
      const page = world.openPage({ user: 'ann' })
      await page.opened()
      page.say('one')
      await world.soon(page.flush())
      page.faults.save = 'is full'
      page.say('two')
      const leaving = watch(page.setUser('bob'))
      await world.pass(60_000)
      return { setUser: leaving.outcome(), said: 2, stored: await world.messages('ann') }
    },
    seen: { setUser: 'resolved', said: 2, stored: 1 },
    right: { setUser: 'rejected', said: 2, stored: 1 },
  })

  fault('S22', {
    title: 'for want of room removes nothing, however often the app is opened',
    async run() {
      const world = openWorld()
      const first = world.openPage()
      await first.opened()
      for (let count = 0; count < 60; count++) {
        if (count > 0) first.begin()
        first.say(`message ${count}`)
        await world.pass(1_000)
      }
      await world.soon(first.flush())
      first.close()
      const counts = [(await world.rows()).length]
      world.device().fill()
      for (let visit = 0; visit < 3; visit++) {
        await world.pass(60_000)
        const page = world.openPage()
        await page.opened()
        page.begin()
        page.say('one more message')
        await world.pass(60_000)
        page.close()
        counts.push((await world.rows()).length)
      }
      return { conversationsPerVisit: counts }
    },
    seen: { conversationsPerVisit: [60, 51, 42, 33] },
    right: { conversationsPerVisit: [60, 60, 60, 60] },
  })
})

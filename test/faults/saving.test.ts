import { describe } from 'vitest'
import { openWorld } from './driver.js'
import { fault } from './fault.js'
import { watch, withUnhandled } from './outcome.js'

describe('a save whose answer is lost', () => {
  fault('S9', {
    title: 'counts once, even if someone else saves before the repeat',
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
    title: 'never puts an older preview over a newer one',
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
    title: 'that returns late replaces neither a later preview nor a later title',
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

describe('a removal', () => {
  fault('S15', {
    title: 'that fails during a save rejects for its caller only',
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
    title: 'resolves when it succeeds, even if another row cannot be saved',
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

describe('a failing storage', () => {
  fault('S32', {
    title: 'keeps unsaved messages when clearing a workspace fails',
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
    title: 'makes setUser reject if it is full and the previous user has unsaved messages',
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
    title: 'loses no conversation when it is full, however often the app opens',
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

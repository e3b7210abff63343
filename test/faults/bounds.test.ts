import { describe } from 'vitest'
import { openWorld, type Page } from './driver.js'
import { fault } from './fault.js'
import { watch } from './outcome.js'

/** Longer than every bound. */
const forEver = 60 * 60 * 1_000

describe('every call settles', () => {
  fault('S12', {
    title: 'even if storage never answers the read of a page that returns',
    async run() {
      const pending: string[] = []
      let isOpening = false
      const calls: Readonly<Record<string, (page: Page, other: string) => Promise<unknown>>> = {
        switchTo: (page, other) => page.switchTo(other),
        flush: (page) => page.flush(),
        setUser: (page) => page.setUser('bob'),
        dispose: (page) => page.dispose(),
      }
      for (const [name, call] of Object.entries(calls)) {
        const world = openWorld({ adapter: 'account' })
        const page = world.openPage({ user: 'ann' })
        const other = await page.opened()
        page.say('one')
        page.begin()
        page.say('two')
        await world.soon(page.flush())
        page.faults.get = 'hangs'
        page.sleep()
        page.wake()
        await world.pass(1_000)
        const phone = world.openPage({ user: 'ann', device: 'phone' })
        await phone.opened('elsewhere')
        phone.say('on the phone')
        await world.soon(phone.flush())
        page.say('an answer that comes late', { conversationId: phone.current() ?? '' })
        const called = watch(call(page, other))
        await world.pass(forEver)
        if (called.outcome() === 'pending') pending.push(name)
        if (name === 'flush') isOpening = page.status() === 'opening'
      }
      return { isOpening, pending }
    },
    seen: { isOpening: true, pending: ['switchTo', 'flush', 'setUser', 'dispose'] },
    right: { isOpening: false, pending: [] },
  })

  fault('S13', {
    title: 'including an opening, when the store is disposed or the user changes or signs out',
    async run() {
      const pending: string[] = []
      const calls: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
        dispose: (page) => page.dispose(),
        signOut: (page) => page.signOut(),
        setUser: (page) => page.setUser('bob'),
      }
      for (const [name, call] of Object.entries(calls)) {
        const world = openWorld({ adapter: 'account' })
        const earlier = world.openPage({ user: 'ann' })
        await earlier.opened()
        earlier.say('one')
        await world.soon(earlier.flush())
        earlier.close()
        await world.pass(5_000)
        const page = world.openPage({ user: 'ann' })
        page.faults.list = { takesMs: 500 }
        const opening = watch(page.open())
        const called = watch(call(page))
        await world.pass(forEver)
        if (opening.outcome() === 'pending' || called.outcome() === 'pending') pending.push(name)
      }
      return { pendingAfter: pending }
    },
    seen: { pendingAfter: ['dispose', 'signOut', 'setUser'] },
    right: { pendingAfter: [] },
  })
})

import { describe } from 'vitest'
import { olderKey, openWorld } from './driver.js'
import { fault } from './fault.js'
import { inMemory } from './indexed-db.js'
import { olderBlob } from './older-blob.js'
import { watch } from './outcome.js'

describe('a sign-out', () => {
  fault('S4', {
    title: 'removes nothing that the next sign-in wrote when a cached page returns',
    async run() {
      const world = openWorld()
      const cached = world.openPage({ user: 'u' })
      await cached.opened()
      cached.say('before the sign-out')
      await world.soon(cached.flush())
      cached.sleep()
      await world.pass(5_000)
      const page = world.openPage({ user: 'u' })
      await page.opened()
      await world.soon(page.signOut())
      await world.pass(1_000)
      await world.soon(page.setUser('u'))
      await page.opened()
      page.say('one')
      for (const text of ['two', 'three']) {
        await world.pass(1_000)
        page.begin()
        page.say(text)
      }
      await world.soon(page.flush())
      cached.wake()
      await world.pass(60_000)
      return { conversations: (await world.rows('u')).length }
    },
    seen: { conversations: 1 },
    right: { conversations: 3 },
  })

  fault('S5', {
    title: "affects one user only: another user's tab and rows stay",
    async run() {
      const world = openWorld()
      const bob = world.openPage({ user: 'bob' })
      await bob.opened()
      bob.say('hello')
      await world.soon(bob.flush())
      const ann = world.openPage({ user: 'ann' })
      await ann.opened()
      await world.soon(ann.signOut())
      await world.pass(5_000)
      return { bobsRows: (await world.rows('bob')).length, userOfBobsTab: bob.user() }
    },
    seen: { bobsRows: 0, userOfBobsTab: null },
    right: { bobsRows: 1, userOfBobsTab: 'bob' },
  })

  fault('S6', {
    title: 'in another tab, while no user was set here, does not end the next sign-in',
    async run() {
      const world = openWorld({ adapter: { dexie: inMemory() } })
      const [a, b] = [world.openPage({ user: 'u' }), world.openPage({ user: 'u' })]
      await a.opened()
      await b.opened()
      b.say('before')
      await world.soon(b.flush())
      await world.soon(b.setUser(null))
      await world.soon(a.signOut(), 1_000)
      await world.soon(b.setUser('u'))
      await b.opened()
      b.say('after')
      await world.pass(30_000)
      return { user: b.user(), messages: await world.messages('u') }
    },
    seen: { user: null, messages: 0 },
    right: { user: 'u', messages: 1 },
  })

  fault('S7', {
    title: 'after setUser(null) forgets the user who left last',
    async run() {
      const world = openWorld()
      const page = world.openPage({ user: 'u' })
      await page.opened()
      page.say('hello')
      await world.soon(page.flush())
      await world.soon(page.setUser(null))
      const signOut = watch(page.signOut())
      await world.pass(10_000)
      return { signOut: signOut.outcome(), rows: (await world.rows('u')).length }
    },
    seen: { signOut: 'resolved', rows: 1 },
    right: { signOut: 'resolved', rows: 0 },
  })

  fault('S8', {
    title: 'before anything was opened passes no older data on to the next user',
    async run() {
      const world = openWorld()
      world.plant(olderKey, olderBlob(['alice-1']))
      const alice = world.openPage({ user: 'alice' })
      await world.soon(alice.signOut(), 1_000)
      await world.soon(alice.setUser('bob'))
      await alice.opened()
      return { bobHasOfAlice: (await world.rows('bob')).map(({ title }) => title) }
    },
    seen: { bobHasOfAlice: ['Title of alice-1'] },
    right: { bobHasOfAlice: [] },
  })

  fault('S8b', {
    title: 'passes nothing on to the next user that an older tab wrote after the import',
    async run() {
      const world = openWorld()
      world.plant(olderKey, olderBlob(['alice-1']))
      const alice = world.openPage({ user: 'alice' })
      await alice.opened()
      world.plant(olderKey, olderBlob(['alice-1', 'alice-2']))
      await world.soon(alice.signOut(), 1_000)
      await world.soon(alice.setUser('bob'))
      await alice.opened()
      const titles = (await world.rows('bob')).map(({ title }) => title)
      return { bobHasOfAlice: titles.filter((title) => title.includes('alice')).sort() }
    },
    seen: { bobHasOfAlice: ['Title of alice-1', 'Title of alice-2'] },
    right: { bobHasOfAlice: [] },
  })

  fault('S35', {
    title: "shows in the user's other tab as an event and a status",
    async run() {
      const world = openWorld()
      const [page, other] = [world.openPage({ user: 'u' }), world.openPage({ user: 'u' })]
      await page.opened()
      await other.opened()
      other.say('hello')
      await world.soon(other.flush())
      await world.soon(page.signOut(), 10_000)
      return { status: other.status(), isTold: other.events.includes('signed-out') }
    },
    seen: { status: 'idle', isTold: false },
    right: { status: 'signed-out', isTold: true },
  })

  fault('S36', {
    title: 'reaches a cached page, whatever value was planted as the sign-out mark',
    async run() {
      const world = openWorld()
      world.plantSignOut(String(2 ** 53), 'u')
      const cached = world.openPage({ user: 'u' })
      await cached.opened()
      cached.say('hello')
      await world.soon(cached.flush())
      cached.sleep()
      const page = world.openPage({ user: 'u' })
      await page.opened()
      await world.soon(page.signOut(), 5_000)
      cached.wake()
      await world.pass(30_000)
      return { shownInCachedPage: cached.shown().length }
    },
    seen: { shownInCachedPage: 1 },
    right: { shownInCachedPage: 0 },
  })

  fault('S36b', {
    title: 'is not triggered by arbitrary messages on the channels',
    async run() {
      const world = openWorld()
      const page = world.openPage({ user: 'u' })
      await page.opened()
      page.say('hello')
      await world.soon(page.flush())
      for (const said of ['hello', 42, null, { type: 'unknown' }]) world.device().shout(said)
      await world.pass(10_000)
      return { user: page.user(), rows: (await world.rows('u')).length }
    },
    seen: { user: null, rows: 0 },
    right: { user: 'u', rows: 1 },
  })
})

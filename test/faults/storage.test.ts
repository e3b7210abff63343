import { describe, vi } from 'vitest'
import { olderKey, openBareStore, openWorld } from './driver.js'
import { fault } from './fault.js'
import { hangingOnce, inMemory } from './indexed-db.js'
import { olderBlob } from './older-blob.js'
import { watch } from './outcome.js'
import type { WorldOptions } from './world-options.js'

describe('an adapter', () => {
  fault('S16', {
    title: 'can be a class instance, with persistContent off too',
    async run() {
      const world = openWorld({ adapter: 'memory' })
      const page = world.openPage({ user: 'u', hasClassAdapter: true, persistContent: false })
      const first = await page.opened()
      page.say('one')
      page.begin()
      page.say('two')
      await world.soon(page.flush())
      const removing = watch(page.remove(first))
      await world.pass(1_000)
      const signingOut = watch(page.signOut())
      await world.pass(1_000)
      return { remove: removing.outcome(), signOut: signingOut.outcome(), rowsLeft: (await world.rows('u')).length }
    },
    seen: { remove: 'rejected', signOut: 'resolved', rowsLeft: 2 },
    right: { remove: 'resolved', signOut: 'resolved', rowsLeft: 0 },
  })

  fault('S18', {
    title: 'lists every row it accepted',
    async run() {
      const time = Date.UTC(2025, 11, 31)
      const rows: readonly Readonly<Record<string, unknown>>[] = [
        { lastActivity: Number.NaN },
        { startedAt: Number.NaN },
        { messageCount: -1 },
        { tokenUsage: { input: 1 } },
        { lastMessagePreview: 'p'.repeat(241) },
        { title: 't'.repeat(4_097) },
      ]
      async function notListed(adapter: WorldOptions['adapter']): Promise<number> {
        const world = openWorld(adapter && { adapter })
        if (!(await world.takes({ conversationId: 'good', startedAt: time, lastActivity: time }))) {
          throw new Error('A valid row was refused.')
        }
        let accepted = 1
        for (const [index, fields] of rows.entries()) {
          const row = { conversationId: `c${index}`, startedAt: time, lastActivity: time, ...fields }
          if (await world.takes(row)) accepted++
        }
        return accepted - (await world.rows()).length
      }
      return {
        localStorage: await notListed('localStorage'),
        dexie: await notListed({ dexie: inMemory() }),
        memory: await notListed('memory'),
      }
    },
    seen: { localStorage: 5, dexie: 6, memory: 0 },
    right: { localStorage: 0, dexie: 0, memory: 0 },
  })

  fault('S25', {
    title: 'reopens its database if the first opening never answers',
    async run() {
      const { indexedDb, openings } = hangingOnce()
      const world = openWorld({ adapter: { dexie: indexedDb } })
      const page = world.openPage()
      await world.soon(page.open(), 30_000)
      page.say('hello')
      await world.pass(5 * 60_000)
      return { status: page.status(), isOpenedAgain: openings() > 1 }
    },
    seen: { status: 'degraded', isOpenedAgain: false },
    right: { status: 'ready', isOpenedAgain: true },
  })

  fault('S27', {
    title: 'on localStorage reads in linear proportion to the rows another tab adds',
    async run() {
      async function readsFor(count: number): Promise<number> {
        const world = openWorld()
        const page = world.openPage()
        await page.opened()
        await world.pass(5_000)
        const before = world.device().use.reads
        for (let row = 0; row < count; row++) {
          if (!(await world.takes({ conversationId: `row-${row}` }))) throw new Error('A row was refused.')
        }
        return world.device().use.reads - before
      }
      const times = (await readsFor(120)) / (await readsFor(60))
      return times < 2.5 ? 'in proportion' : 'with the square'
    },
    seen: 'with the square',
    right: 'in proportion',
  })
})

describe('a page', () => {
  fault('S20', {
    title: 'works in memory where localStorage and sessionStorage are null, as in some Android WebViews',
    async run() {
      vi.stubGlobal('localStorage', null)
      vi.stubGlobal('sessionStorage', null)
      try {
        const page = openBareStore()
        const opening = page.open()
        const opened = watch(opening)
        await opening.catch(() => {})
        if (opened.outcome() === 'resolved') page.say('hello')
        const result = { open: opened.outcome(), status: page.status(), shown: page.shown().length }
        await page.dispose()
        return result
      } finally {
        vi.unstubAllGlobals()
      }
    },
    seen: { open: 'rejected', status: 'opening', shown: 0 },
    right: { open: 'resolved', status: 'degraded', shown: 1 },
  })

  fault('S23', {
    title: 'restores nothing that another tab cleared, and saves what is said afterwards',
    async run() {
      const world = openWorld()
      const [page, other] = [world.openPage(), world.openPage()]
      await page.opened()
      page.say('a secret')
      await world.soon(page.flush())
      await other.opened('elsewhere')
      other.clearLocalStorage()
      await world.pass(30_000)
      const writtenBack = world.device().valuesWith('a secret')
      page.say('afterwards')
      await world.soon(page.flush(), 10_000)
      return { writtenBack, messagesOfOneSaidAfterwards: await world.messages() }
    },
    seen: { writtenBack: 1, messagesOfOneSaidAfterwards: 2 },
    right: { writtenBack: 0, messagesOfOneSaidAfterwards: 1 },
  })

  fault('S29', {
    title: 'that persists no content keeps none of an older app',
    async run() {
      const world = openWorld()
      world.plant(olderKey, olderBlob(['older-1']))
      const page = world.openPage({ persistContent: false })
      await page.opened()
      page.say('hello')
      await world.soon(page.flush(), 10_000)
      return { valuesWithTitle: world.device().valuesWith('Title of', page.sessionStorage) }
    },
    seen: { valuesWithTitle: 1 },
    right: { valuesWithTitle: 0 },
  })

  fault('S29b', {
    title: 'that stops persisting content removes it from earlier rows',
    async run() {
      const world = openWorld()
      const before = world.openPage()
      await before.opened()
      before.say('a secret')
      await world.soon(before.flush())
      const page = before.reload({ persistContent: false })
      await page.opened()
      await world.pass(60_000)
      return { valuesWithSecret: world.device().valuesWith('a secret', page.sessionStorage) }
    },
    seen: { valuesWithSecret: 2 },
    right: { valuesWithSecret: 0 },
  })

  fault('S29c', {
    title: 'that stops persisting content saves no text of an earlier page',
    async run() {
      const world = openWorld({ adapter: 'account' })
      const before = world.openPage({ user: 'u' })
      await before.opened()
      before.faults.save = 'hangs'
      before.say('a secret')
      const page = before.reload({ persistContent: false })
      void page.open()
      // Once it is saved and before anything else could take the text out again.
      await world.pass(0)
      const [row] = await world.rows('u')
      return { messages: row?.messages ?? 0, texts: [row?.preview ?? '', row?.title ?? ''] }
    },
    seen: { messages: 1, texts: ['a secret', 'a secret'] },
    right: { messages: 1, texts: ['', ''] },
  })
})

describe('older data', () => {
  fault('S21', {
    title: 'with times in seconds is imported with the right times',
    async run() {
      const world = openWorld()
      const lastActivity = Date.UTC(2025, 11, 31)
      world.plant(olderKey, olderBlob(['older-1', 'older-2', 'older-3'], lastActivity / 1_000))
      const page = world.openPage()
      await page.opened()
      await world.pass(60_000)
      return { rowsOfThree: (await world.rows()).filter((row) => row.lastActivity === lastActivity).length }
    },
    seen: { rowsOfThree: 0 },
    right: { rowsOfThree: 3 },
  })

  fault('S21b', {
    title: 'stored as JSON inside JSON is imported',
    async run() {
      const world = openWorld()
      world.plant(olderKey, JSON.stringify(olderBlob(['older-1', 'older-2', 'older-3'])))
      const page = world.openPage()
      await page.opened()
      await world.pass(60_000)
      return { rowsOfThree: (await world.rows()).length }
    },
    seen: { rowsOfThree: 0 },
    right: { rowsOfThree: 3 },
  })
})

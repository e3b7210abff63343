import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openTimeoutMs } from '../../src/adapters/dexie/connection.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { until } from '../support/until.js'
import { change, dexieHarness, type IndexedDb, settled } from './dexie-harness.js'

/** How `dexieAdapter` opens its database, loses it, shares it with other tabs and closes it. */
export function dexieDatabaseBehaviour(db: IndexedDb): void {
  const { name, open, openRaw, readAll, tapped } = dexieHarness(db)
  afterEach(() => void vi.restoreAllMocks())

  describe('the database', () => {
    it('of a newer version is left alone', async () => {
      const raw = await openRaw(30, (upgraded) => upgraded.createObjectStore('sessions').put('theirs', 'key'))
      raw.close()
      const adapter = open()
      await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'newer-version' })
      await expect(adapter.save([change()])).rejects.toMatchObject({ code: 'newer-version' })
      expect(await readAll('sessions')).toEqual(['theirs'])
      const after = await openRaw()
      expect([after.version, ...after.objectStoreNames]).toEqual([30, 'sessions'])
    })

    it('whose tables are not ours is left alone', async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => {}) // Dexie's own
      const raw = await openRaw(20, (upgraded) => upgraded.createObjectStore('theirs'))
      raw.close()
      await expect(open().list('', { limit: 1 })).rejects.toMatchObject({ code: 'storage-unavailable' })
      const after = await openRaw()
      expect([after.version, ...after.objectStoreNames]).toEqual([20, 'theirs'])
    })

    it('can be upgraded by another tab while this one has it open', async () => {
      const adapter = open()
      await adapter.save([change()])
      const request = db.indexedDB.open(name, 30)
      const blocked = vi.fn()
      request.onblocked = blocked
      const upgraded = await settled(request)
      onTestFinished(() => upgraded.close())
      expect(blocked).not.toHaveBeenCalled()
      await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'newer-version' })
    })

    it('can be deleted while it is open, and is made anew at the next use', async () => {
      const adapter = open()
      await adapter.save([change()])
      await settled(db.indexedDB.deleteDatabase(name))
      expect(await adapter.list('', { limit: 1 })).toEqual({ sessions: [] })
      expect(await adapter.save([change()])).toEqual([])
    })

    it('is opened anew, once, when the connection is dead', async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => {}) // Dexie's own
      const tap = tapped()
      const adapter = open(tap)
      await adapter.save([change()])
      tap.connections[0]?.close()
      expect(await adapter.get('', 'c1')).toMatchObject({ conversationId: 'c1' })
      expect(tap.connections).toHaveLength(2)
      expect(await adapter.save([change()])).toEqual([])
      expect(tap.connections).toHaveLength(2)
    })

    it('is not opened over and over when every connection is dead', async () => {
      const tap = tapped()
      const adapter = open(tap)
      await adapter.save([change()])
      vi.spyOn(db.IDBObjectStore.prototype, 'get').mockImplementation(() => {
        throw new DOMException(
          'Connection to Indexed Database server lost. Refresh the page to try again',
          'UnknownError',
        )
      })
      await expect(adapter.save([change()])).rejects.toMatchObject({ code: 'storage-unavailable' })
      expect(tap.connections).toHaveLength(2)
      vi.restoreAllMocks()
      expect(await adapter.save([change()])).toEqual([])
    })
  })

  describe('opening', () => {
    it('waits, within a bound, for an older tab that does not let go, and is done once it does', async () => {
      const older = await openRaw(1)
      older.onversionchange = null
      const clock = manualClock()
      const adapter = open({ clock })
      for (let calls = 0; calls < 2; calls++) {
        const refused = expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({
          code: 'storage-unavailable',
          message: expect.stringContaining('Close the other tabs'),
        })
        await clock.advance(openTimeoutMs)
        await refused
      }
      older.close()
      expect(await adapter.save([change()])).toEqual([])
    })

    it('that never answers is given up and begun again', async () => {
      const clock = manualClock()
      const tap = tapped()
      // Nobody ever calls the handlers that Dexie gives it.
      const asked = vi.spyOn(tap.indexedDB, 'open').mockImplementationOnce(() => Object({}))
      const adapter = open({ ...tap, clock })
      const calls = [adapter.list('', { limit: 1 }), adapter.save([change()])].map((call) =>
        expect(call).rejects.toMatchObject({
          code: 'storage-unavailable',
          message: expect.stringContaining('did not open'),
        }),
      )
      await clock.advance(openTimeoutMs)
      await Promise.all(calls)
      expect(await adapter.save([change()])).toEqual([])
      expect(await adapter.get('', 'c1')).toMatchObject({ conversationId: 'c1' })
      expect(asked).toHaveBeenCalledTimes(2)
    })

    it('that answers late is closed again, so that it blocks no upgrade', async () => {
      await open().save([change()])
      const clock = manualClock()
      const tap = tapped()
      const held = Object({ onsuccess: (_: Event) => expect.fail('not Dexie’s') })
      const adapter = open({
        clock,
        indexedDB: {
          ...tap.indexedDB,
          open: (...wanted) => {
            tap.indexedDB.open(...wanted)
            return held
          },
        },
      })
      const refused = expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'storage-unavailable' })
      await until(() => expect(tap.connections).toHaveLength(1))
      await clock.advance(openTimeoutMs)
      await refused
      const [late] = tap.connections
      const close = vi.spyOn(late ?? expect.fail(), 'close')
      held.result = late
      held.onsuccess(new Event('success'))
      await until(() => expect(close).toHaveBeenCalled())
    })

    it('that the browser does not allow says so', async () => {
      const denied = {
        ...tapped().indexedDB,
        open: () => {
          throw new DOMException('denied', 'SecurityError')
        },
      }
      await expect(open({ indexedDB: denied }).list('', { limit: 1 })).rejects.toMatchObject({
        code: 'storage-unavailable',
        message: expect.stringContaining("blocked by the browser's settings"),
      })
    })
  })

  describe('closing', () => {
    it('lets a save that was begun end, announces it, and takes no more', async () => {
      const [adapter, other] = [open(), open()]
      const heard = new Promise((resolve) => other.subscribe?.('', resolve))
      const saved = adapter.save([change()])
      await adapter.close?.()
      expect(await saved).toEqual([])
      expect(await heard).toEqual(['c1'])
      expect(await other.get('', 'c1')).toMatchObject({ conversationId: 'c1' })
      await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'disposed' })
    })
  })

  describe('subscribing', () => {
    it('ignores what is no message of ours', async () => {
      const adapter = open()
      const heard: (readonly string[])[] = []
      const done = new Promise<void>((resolve) => {
        adapter.subscribe?.('', (conversationIds) => {
          heard.push(conversationIds)
          if (conversationIds.includes('c1')) resolve()
        })
      })
      const channel = new BroadcastChannel(`${name}/changed`)
      onTestFinished(() => channel.close())
      for (const message of [
        null,
        'c1',
        [],
        { userId: '' },
        { userId: '', conversationIds: [1] },
        { conversationIds: [] },
      ])
        channel.postMessage(message)
      await adapter.save([change()])
      await done
      expect(heard).toEqual([['c1']])
    })

    it('is not offered where there is no BroadcastChannel', () => {
      vi.stubGlobal('BroadcastChannel', undefined)
      onTestFinished(() => void vi.unstubAllGlobals())
      expect(open().subscribe).toBeUndefined()
    })

    it('opens no channel before it is needed, and no database', () => {
      const createChannel = vi.fn()
      const tap = tapped()
      open({ ...tap, createChannel })
      expect(createChannel).not.toHaveBeenCalled()
      expect(tap.connections).toEqual([])
    })
  })
}

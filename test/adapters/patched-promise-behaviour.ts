import { describe, expect, it } from 'vitest'
import { ids } from '../../src/testing/session-adapter-harness.js'
import { dexieHarness, type IndexedDb, ranked } from './dexie-harness.js'

/** A page whose monitoring script wrapped `Promise.prototype.then` before Dexie was loaded. */
export function patchedPromiseBehaviour(db: IndexedDb, callsOfThen: () => number): void {
  const { open, plant, readAll } = dexieHarness(db)

  describe('with a wrapped Promise.prototype.then', () => {
    it('saves, lists, quarantines, removes and signs out', async () => {
      const before = callsOfThen()
      const adapter = open()
      expect(await adapter.save([ranked('a', 1), ranked('b', 2), ranked('c', 3)])).toEqual([])
      expect(await adapter.save([ranked('a', 4)])).toEqual([])
      await plant('damaged', '', 'b')
      expect(ids((await adapter.list('', { limit: 9 })).sessions)).toEqual(['a', 'c'])
      expect(await readAll('quarantine')).toHaveLength(1)
      await adapter.remove('', ['a'])
      expect(await adapter.get('', 'a')).toBe('removed')
      await adapter.clear('', 'w')
      expect(await adapter.list('', { limit: 9 })).toEqual({ sessions: [] })
      await adapter.forget?.('', 'e1')
      expect(await adapter.epochOf?.('')).toBe('e1')
      // The wrapper was in the way all the time.
      expect(callsOfThen()).toBeGreaterThan(before)
    })

    it('loses nothing when tabs save one row at once', async () => {
      const tabs = [open(), open(), open()]
      await Promise.all(
        tabs.map((tab, index) => tab.save([ranked('a', index, { counts: { [`scope--${index}`]: { messages: 2 } } })])),
      )
      expect(await tabs[0]?.get('', 'a')).toMatchObject({ messageCount: 6, rank: 2 })
    })
  })
}

import { describe, expect, it } from 'vitest'
import { events, key, lastEvent, logged, type OpenLog, otherKey } from './turn-log-harness.js'

/** What `start` and `append` do, and what all calls have in common. */
export function describeWritingLog(opened: OpenLog): void {
  describe('every call', () => {
    it('The log gives each event back as the text that it was given', async () => {
      const { log, all } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, events)
      await log.end(key, 't1', events.length + 1, lastEvent)
      expect((await all('t1')).map(({ event }) => event)).toEqual([...events, lastEvent])
    })

    it('Turns are apart, of one key or of two', async () => {
      const { log, all } = await opened()
      const turns = [[key, 't1'], [key, 't2'], [otherKey, 't1']] as const // biome-ignore format: a table
      for (const [of, turnId] of turns) await log.start(of, turnId)
      for (const [of, turnId] of turns) await log.append(of, turnId, 1, [JSON.stringify([of, turnId])])
      for (const [of, turnId] of turns) await log.end(of, turnId, 2, lastEvent)
      for (const [of, turnId] of turns) {
        expect((await all(turnId, 0, of)).map(({ event }) => event)).toEqual([JSON.stringify([of, turnId]), lastEvent])
      }
    })
  })

  describe('start', () => {
    it('Begins the log of a turn, which can be read from now on', async () => {
      const { log, holds } = await opened()
      expect(await holds('t1')).toBe(false)
      await log.start(key, 't1')
      expect(await holds('t1')).toBe(true)
    })

    it('Starting again changes nothing', async () => {
      const { log, all } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1'])
      await log.start(key, 't1')
      await log.append(key, 't1', 2, ['2'])
      await log.end(key, 't1', 3, lastEvent)
      await log.start(key, 't1')
      expect(await all('t1')).toEqual(logged('1', '2'))
    })
  })

  describe('append', () => {
    it('Adds events, the first of which has the number `firstSeq`', async () => {
      const { log, all } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1', '2'])
      await log.append(key, 't1', 3, ['3'])
      await log.append(key, 't1', 4, [])
      await log.end(key, 't1', 4, lastEvent)
      expect(await all('t1')).toEqual(logged('1', '2', '3'))
    })

    it('Calls need not wait for each other: they take effect in their order', async () => {
      const { log, all } = await opened()
      const calls = [log.start(key, 't1')]
      for (let seq = 1; seq <= 200; seq += 1) calls.push(log.append(key, 't1', seq, [`${seq}`]))
      calls.push(log.end(key, 't1', 201, lastEvent))
      await Promise.all(calls)
      expect(await all('t1')).toEqual(logged(...Array.from({ length: 200 }, (_, index) => `${index + 1}`)))
    })

    it('Writing a number again changes nothing', async () => {
      const { log, all } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1', '2'])
      await log.append(key, 't1', 1, ['other', 'other'])
      await log.append(key, 't1', 2, ['other', '3'])
      await log.end(key, 't1', 4, lastEvent)
      expect(await all('t1')).toEqual(logged('1', '2', '3'))
    })

    it('Rejects with `turn-log-full` once the turn, or the whole log, would hold too much, and ever after: what was added before can still be read', async () => {
      const { log, all } = await opened(10_000)
      await log.start(key, 't1')
      await log.start(key, 't2')
      await log.append(key, 't1', 1, ['1'])
      const full = { code: 'turn-log-full' }
      await expect(log.append(key, 't1', 2, [JSON.stringify('x'.repeat(10_000))])).rejects.toMatchObject(full)
      await expect(log.append(key, 't1', 2, ['2'])).rejects.toMatchObject(full)
      await log.append(key, 't2', 1, ['1'])
      await log.end(key, 't1', 5, lastEvent)
      expect(await all('t1')).toEqual([
        { seq: 1, event: '1', last: false },
        { seq: 5, event: lastEvent, last: true },
      ])
    })

    it('Rejects with `storage-unavailable` if the turn was not started, or was deleted since', async () => {
      const { log, holds } = await opened()
      const unknown = { code: 'storage-unavailable' }
      await expect(log.append(key, 't1', 1, ['1'])).rejects.toMatchObject(unknown)
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1'])
      await log.delete(key)
      await expect(log.append(key, 't1', 2, ['2'])).rejects.toMatchObject(unknown)
      expect(await holds('t1')).toBe(false)
    })

    it('After the end it changes nothing', async () => {
      const { log, all } = await opened()
      await log.start(key, 't1')
      await log.end(key, 't1', 1, lastEvent)
      await log.append(key, 't1', 2, ['2'])
      expect(await all('t1')).toEqual(logged())
    })
  })
}

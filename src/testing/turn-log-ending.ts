import { describe, expect, it } from 'vitest'
import { collect, key, lastEvent, logged, margin, type OpenLog, otherKey, retentionMs } from './turn-log-harness.js'

/** What `end` and `delete` do. */
export function describeEndingLog(opened: OpenLog): void {
  describe('end', () => {
    it("Adds the turn's last event after all others", async () => {
      const { log, all } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1'])
      await log.end(key, 't1', 2, lastEvent)
      expect(await all('t1')).toEqual(logged('1'))
    })

    it('It fits in a log that is full', async () => {
      const { log, all } = await opened(10_000)
      await log.start(key, 't1')
      const event = JSON.stringify('x'.repeat(4_000))
      const added = [1, 2, 3].map((seq) => log.append(key, 't1', seq, [event]))
      await Promise.allSettled(added)
      await log.end(key, 't1', 4, lastEvent)
      const read = await all('t1')
      expect(read.at(-1)).toEqual({ seq: 4, event: lastEvent, last: true })
      expect(read.length).toBeLessThan(4)
    })

    it('Ending again changes nothing', async () => {
      const { log, wait, holds, all } = await opened()
      await log.start(key, 't1')
      await log.end(key, 't1', 1, lastEvent)
      await wait(retentionMs - margin)
      await log.end(key, 't1', 2, '"other"')
      expect(await all('t1')).toEqual(logged())
      await wait(margin)
      expect(await holds('t1')).toBe(false)
    })

    it('From now on the log is kept for `retentionMs`: 5 minutes, unless it was made with another', async () => {
      const { log, wait, holds, all } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1'])
      await wait(10 * 60_000)
      await log.end(key, 't1', 2, lastEvent)
      await wait(retentionMs - margin)
      expect(await all('t1')).toEqual(logged('1'))
      await wait(margin)
      expect(await holds('t1')).toBe(false)
    })

    it('A turn that never ends is forgotten within an hour of its last event', async () => {
      const { log, wait, holds } = await opened()
      await log.start(key, 't1')
      for (let seq = 1; seq <= 6; seq += 1) {
        await wait(29 * 60_000) // by default a turn may take half an hour, and be silent for as long
        await log.append(key, 't1', seq, ['1'])
      }
      expect(await holds('t1')).toBe(true)
      await wait(60 * 60_000)
      expect(await holds('t1')).toBe(false)
    })

    it('Ending a turn that the log does not hold changes nothing', async () => {
      const { log, holds } = await opened()
      await log.end(key, 't1', 1, lastEvent)
      expect(await holds('t1')).toBe(false)
    })
  })

  describe('delete', () => {
    it('Forgets all turns of a key', async () => {
      const { log, holds } = await opened()
      for (const turnId of ['t1', 't2']) await log.start(key, turnId)
      await log.start(otherKey, 't1')
      await log.end(key, 't1', 1, lastEvent)
      await log.delete(key)
      for (const turnId of ['t1', 't2']) expect(await holds(turnId)).toBe(false)
      expect(await holds('t1', otherKey)).toBe(true)
    })

    it('Their readers end', async () => {
      const { log, read } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1'])
      const readers = [collect(await read('t1')), collect(await read('t1', 1))]
      await log.delete(key)
      for (const reader of readers) expect((await reader).flat().filter(({ last }) => last)).toEqual([])
    })
  })
}

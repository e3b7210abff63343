import { describe, expect, it } from 'vitest'
import { collect, key, lastEvent, logged, type OpenLog, otherKey } from './turn-log-harness.js'

/** What `read` does. */
export function describeReadingLog(opened: OpenLog): void {
  describe('read', () => {
    it("Gives the turn's events after number `after` (0 for all), in order, each once", async () => {
      const { log, all } = await opened()
      await log.start(key, 't1')
      await log.append(key, 't1', 1, ['1', '2'])
      await log.append(key, 't1', 3, ['3', '4'])
      await log.end(key, 't1', 5, lastEvent)
      const whole = logged('1', '2', '3', '4')
      for (let after = 0; after <= 6; after += 1) expect(await all('t1', after)).toEqual(whole.slice(after))
    })

    it('What is there already arrives in one piece', async () => {
      const { log, read } = await opened()
      await log.start(key, 't1')
      for (let seq = 1; seq <= 5; seq += 1) await log.append(key, 't1', seq, [`${seq}`])
      const running = await read('t1', 2)
      expect(await running?.[Symbol.asyncIterator]().next()).toMatchObject({
        value: [{ seq: 3 }, { seq: 4 }, { seq: 5 }],
      })
      await log.end(key, 't1', 6, lastEvent)
      expect(await collect(await read('t1'))).toEqual([logged('1', '2', '3', '4', '5')])
    })

    it('A turn that runs is followed up to its last event', async () => {
      const { log, read } = await opened()
      await log.start(key, 't1')
      const reader = collect(await read('t1'))
      const late = collect(await read('t1', 1))
      await log.append(key, 't1', 1, ['1'])
      await log.append(key, 't1', 2, ['2'])
      await log.end(key, 't1', 3, lastEvent)
      expect((await reader).flat()).toEqual(logged('1', '2'))
      expect((await late).flat()).toEqual(logged('1', '2').slice(1))
    })

    it('A number that is skipped is one that the log does not hold', async () => {
      const { log, read, all } = await opened()
      await log.start(key, 't1')
      const reader = collect(await read('t1'))
      await log.append(key, 't1', 1, ['1'])
      await log.append(key, 't1', 5, ['5', '6'])
      await log.end(key, 't1', 9, lastEvent)
      const held = [1, 5, 6, 9].map((seq) => ({ seq, event: seq === 9 ? lastEvent : `${seq}`, last: seq === 9 }))
      expect((await reader).flat()).toEqual(held)
      for (const [after, index] of [
        [0, 0],
        [1, 1],
        [3, 1],
        [5, 2],
        [7, 3],
        [9, 4],
      ] as const) {
        // biome-ignore format: a table
        expect(await all('t1', after)).toEqual(held.slice(index))
      }
    })

    it('Any number of readers read a turn, each as fast as it likes', async () => {
      const { log, read } = await opened()
      await log.start(key, 't1')
      const slow = (await read('t1'))?.[Symbol.asyncIterator]()
      const fast = await Promise.all(Array.from({ length: 100 }, () => read('t1')))
      const collected = fast.map(collect)
      await log.append(key, 't1', 1, ['1'])
      expect(await slow?.next()).toEqual({ done: false, value: logged('1').slice(0, 1) })
      await log.append(key, 't1', 2, ['2'])
      await log.end(key, 't1', 3, lastEvent)
      for (const events of collected) expect((await events).flat()).toEqual(logged('1', '2'))
      expect(await slow?.next()).toEqual({ done: false, value: logged('1', '2').slice(1) })
      expect(await slow?.next()).toEqual({ done: true, value: undefined })
    })

    it('Resolves with `undefined` if the log does not hold the turn', async () => {
      const { log, holds } = await opened()
      await log.start(otherKey, 't1')
      await log.start(key, 't2')
      expect(await holds('t1')).toBe(false)
    })

    it('Ends without an error once `signal` aborts', async () => {
      const { log, read } = await opened()
      await log.start(key, 't1')
      const abort = new AbortController()
      const reader = collect(await read('t1', 0, key, abort.signal))
      abort.abort()
      expect(await reader).toEqual([])
      expect(await collect(await read('t1', 0, key, abort.signal))).toEqual([])
    })
  })
}

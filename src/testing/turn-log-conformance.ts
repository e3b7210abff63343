import { describe, expect, it, onTestFinished } from 'vitest'
import { tabKey } from '../core/tab-key.js'
import type { LoggedEvent, TurnLog } from '../server/turn-log.js'

/** What {@link turnLogConformance} needs of a log. */
export interface TurnLogConformance {
  /**
   * An empty log that holds at most `maxTurnBytes` of a turn and keeps it for 5 minutes after its end. Called once for
   * each test.
   */
  readonly open: (options: { readonly maxTurnBytes: number }) => OpenedTurnLog | Promise<OpenedTurnLog>
}

/** A log under test. */
export interface OpenedTurnLog {
  readonly log: TurnLog
  /** The same log as another process has it, if it can be shared: the tests read there. */
  readonly elsewhere?: TurnLog
  /** Lets time pass for the log: moves its clock on, or makes everything in it older. */
  wait(ms: number): void | Promise<void>
}

/**
 * The tests that every `TurnLog` passes, one per sentence of its contract. Call it in a `describe` of vitest.
 *
 * @example
 * ```ts
 * import { memoryTurnLog } from 'leftoff/server'
 * import { manualClock, turnLogConformance } from 'leftoff/testing'
 *
 * turnLogConformance({
 *   open: ({ maxTurnBytes }) => {
 *     const clock = manualClock()
 *     return { log: memoryTurnLog({ maxTurnBytes, clock }), wait: clock.advance }
 *   },
 * })
 * ```
 */
export function turnLogConformance({ open }: TurnLogConformance): void {
  async function opened(maxTurnBytes = 8 * 1024 * 1024) {
    const { log, elsewhere = log, wait } = await open({ maxTurnBytes })
    const read = (turnId: string, after = 0, of = key, signal = endOfTest()) =>
      elsewhere.read(of, turnId, { after, signal })
    /** Whether the turn can be read: by a reader that leaves at once. */
    const holds = async (turnId: string, of = key) => {
      const abort = new AbortController()
      const reader = await elsewhere.read(of, turnId, { after: 0, signal: abort.signal })
      abort.abort()
      return reader !== undefined
    }
    /** All events up to the turn's end. */
    const all = async (turnId: string, after = 0, of = key) => (await collect(await read(turnId, after, of))).flat()
    return { log, wait, read, holds, all }
  }

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

const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })
const otherKey = tabKey({ userId: 'u2', workspace: 'demo.alive.best', tabId: 't1' })
const lastEvent = '{"type":"done"}'
const retentionMs = 5 * 60_000
/** Real time passes too in a log that has a clock of its own. */
const margin = 60_000

/** Whatever a text can hold once it is JSON. */
const events = ['plain', 'é 漢 🙂', 'a\nb\r\u2028\t"\\', '\0\ud800', '', "'; drop table x; --", '$1 ?'].map((text) =>
  JSON.stringify({ type: 'text', text }),
)

/** Events numbered from 1, and the last one. */
function logged(...texts: readonly string[]): readonly LoggedEvent[] {
  return [...texts, lastEvent].map((event, index) => ({ seq: index + 1, event, last: index === texts.length }))
}

function endOfTest(): AbortSignal {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  return abort.signal
}

async function collect(reader: AsyncIterable<readonly LoggedEvent[]> | undefined) {
  if (!reader) throw new Error('The log does not hold the turn.')
  const pieces: (readonly LoggedEvent[])[] = []
  for await (const piece of reader) pieces.push(piece)
  return pieces
}

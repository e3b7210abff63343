import { describe, expect, it, onTestFinished } from 'vitest'
import { LeftoffError } from '../../../src/core/error.js'
import { tabKey } from '../../../src/core/tab-key.js'
import { pollingTurnLog } from '../../../src/server/log/polling-turn-log.js'
import type { LoggedEvent, TurnLog } from '../../../src/server/turn-log.js'
import { manualClock } from '../../../src/testing/manual-clock.js'
import { type StoredTurns, storedTurns } from './stored-turns.js'

describe('the process that runs a turn', () => {
  it('sends four requests a second, however many events come, and keeps all of them', async () => {
    const { clock, stored, log, elsewhere } = open()
    await log.start(key, 't1')
    const added: Promise<void>[] = []
    for (let seq = 1; seq <= 1_000; seq += 1) {
      added.push(log.append(key, 't1', seq, [`${seq}`]))
      await clock.advance(10)
    }
    expect(stored.requests).toMatchObject({ start: 1, fetch: 0 })
    expect(stored.requests.write).toBeLessThanOrEqual(41)
    added.push(log.end(key, 't1', 1_001, 'last'))
    await clock.advance(250)
    await Promise.all(added)
    const reader = follow(await read(elsewhere))
    await clock.advance(0)
    expect(reader.pieces).toEqual([[...numbers(1, 1_000), { seq: 1_001, event: 'last', last: true }]])
  })

  it('sends the first event at once, so a reader elsewhere does not wait for it', async () => {
    const { clock, stored, log } = open()
    await log.start(key, 't1')
    await log.append(key, 't1', 1, ['1'])
    expect(stored.requests.write).toBe(1)
    await clock.advance(1_000)
    await log.append(key, 't1', 2, ['2'])
    expect(stored.requests.write).toBe(2)
  })

  it('reports within 5 s that the database does not answer', async () => {
    const { clock, stored, log } = open()
    await log.start(key, 't1')
    stored.answers = () => new Promise(() => {})
    const appended = log.append(key, 't1', 1, ['1'])
    const refused = expect(appended).rejects.toMatchObject({ code: 'unreachable' })
    await clock.advance(5_000)
    await refused
  })

  it('repeats what did not get through, in order and once each', async () => {
    const { clock, stored, log, elsewhere } = open()
    await log.start(key, 't1')
    let isDown = true
    stored.answers = () => (isDown ? Promise.reject(unreachable()) : Promise.resolve())
    const first = log.append(key, 't1', 1, ['1'])
    await clock.advance(1_000)
    const second = log.append(key, 't1', 2, ['2'])
    await clock.advance(1_000)
    isDown = false
    await clock.advance(500)
    await Promise.all([first, second])
    const reader = follow(await read(elsewhere))
    await clock.advance(0)
    expect(reader.pieces).toEqual([numbers(1, 2)])
  })

  it('fails a turn’s appends when its start failed, and forgets it', async () => {
    const { clock, stored, log } = open()
    stored.answers = () => Promise.reject(new Error('down'))
    const started = log.start(key, 't1')
    const appended = log.append(key, 't1', 1, ['1'])
    await expect(started).rejects.toThrow('down')
    await expect(appended).rejects.toThrow('down')
    stored.answers = () => Promise.resolve()
    await clock.advance(250)
    expect(await read(log)).toBeUndefined()
  })
})

describe('a process that follows', () => {
  it('asks once for all its readers, every 250 ms while events come and every second in silence', async () => {
    const { clock, stored, log, elsewhere } = open()
    await log.start(key, 't1')
    const readers = await Promise.all(Array.from({ length: 1_000 }, async () => follow(await read(elsewhere))))
    expect(stored.requests.fetch).toBe(1)
    for (let seq = 1; seq <= 40; seq += 1) {
      await log.append(key, 't1', seq, [`${seq}`])
      await clock.advance(250)
    }
    expect(stored.requests.fetch).toBeLessThanOrEqual(1 + 40)
    const before = stored.requests.fetch
    await clock.advance(60_000)
    expect(stored.requests.fetch - before).toBeLessThanOrEqual(62)
    for (const { pieces } of readers) expect(pieces.flat()).toEqual(numbers(1, 40))
  })

  it('stops asking when nobody reads: they have left, or do not ask for more', async () => {
    const { clock, stored, log, elsewhere } = open()
    await log.start(key, 't1')
    await log.append(key, 't1', 1, ['1'])
    const leaving = follow(await read(elsewhere))
    const idle = (await read(elsewhere))?.[Symbol.asyncIterator]()
    await idle?.next()
    leaving.leave()
    await clock.advance(1_000)
    const before = stored.requests.fetch
    await clock.advance(60_000)
    expect(stored.requests.fetch).toBe(before)
  })

  it('serves readers who are far behind by one request for each place they are at', async () => {
    const { clock, stored, log, elsewhere } = open()
    await log.start(key, 't1')
    for (let seq = 1; seq <= 100; seq += 1) log.append(key, 't1', seq, ['x'.repeat(10_000)]).catch(() => undefined)
    await clock.advance(250)
    follow(await read(elsewhere, 100))
    const late = await Promise.all(Array.from({ length: 100 }, async () => follow(await read(elsewhere))))
    await clock.advance(0)
    expect(stored.requests.fetch).toBe(2)
    for (const { pieces } of late) expect(pieces.map((piece) => piece.length)).toEqual([100])
  })

  it('follows a reader who is ahead of the log and one who is not', async () => {
    const { clock, log, elsewhere } = open()
    await log.start(key, 't1')
    await log.append(key, 't1', 1, ['1'])
    const ahead = follow(await read(elsewhere, 3))
    const behind = follow(await read(elsewhere))
    await clock.advance(1_000)
    await log.append(key, 't1', 2, ['2', '3', '4'])
    await clock.advance(1_000)
    expect(behind.pieces.flat()).toEqual(numbers(1, 4))
    expect(ahead.pieces.flat()).toEqual(numbers(4, 4))
  })

  it('survives a database that is down for less than 5 s, and reports a longer outage to its readers', async () => {
    const { clock, stored, log, elsewhere } = open()
    await log.start(key, 't1')
    const reader = follow(await read(elsewhere))
    stored.answers = () => Promise.reject(unreachable())
    await clock.advance(4_000)
    stored.answers = () => Promise.resolve()
    await log.append(key, 't1', 1, ['1'])
    await clock.advance(1_000)
    expect(reader).toMatchObject({ pieces: [numbers(1, 1)], error: undefined })
    stored.answers = () => Promise.reject(unreachable())
    await clock.advance(10_000)
    expect(reader.error).toMatchObject({ code: 'unreachable' })
    await expect(read(elsewhere)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('ends the readers of a turn that another process deletes', async () => {
    const { clock, log, elsewhere } = open()
    await log.start(key, 't1')
    const reader = follow(await read(elsewhere))
    await log.delete(key)
    await clock.advance(1_000)
    expect(reader).toMatchObject({ hasEnded: true, error: undefined, pieces: [] })
  })
})

const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })

function open() {
  const clock = manualClock()
  const stored: StoredTurns = storedTurns()
  return { clock, stored, log: pollingTurnLog(stored, clock), elsewhere: pollingTurnLog(stored, clock) }
}

function read(log: TurnLog, after = 0) {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  return log.read(key, 't1', { after, signal: abort.signal })
}

interface Follower {
  readonly pieces: (readonly LoggedEvent[])[]
  hasEnded: boolean
  error: unknown
  leave(): void
}

/** Reads for as long as the turn runs. */
function follow(reader: AsyncIterable<readonly LoggedEvent[]> | undefined): Follower {
  if (!reader) throw new Error('The log does not hold the turn.')
  const iterator = reader[Symbol.asyncIterator]()
  const follower: Follower = { pieces: [], hasEnded: false, error: undefined, leave: () => void iterator.return?.() }
  const go = async () => {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) follower.pieces.push(next.value)
  }
  void go()
    .catch((error: unknown) => {
      follower.error = error
    })
    .finally(() => {
      follower.hasEnded = true
    })
  return follower
}

function numbers(from: number, to: number): readonly LoggedEvent[] {
  return Array.from({ length: to - from + 1 }, (_, n) => ({ seq: from + n, event: `${from + n}`, last: false }))
}

function unreachable() {
  return new LeftoffError('unreachable', 'The database is down.')
}

import { describe, expect, it } from 'vitest'
import { tabKey } from '../../../src/core/tab-key.js'
import { memoryTurnLog } from '../../../src/server/log/memory-turn-log.js'
import { manualClock } from '../../../src/testing/manual-clock.js'
import { turnLogConformance } from '../../../src/testing/turn-log-conformance.js'

describe('memoryTurnLog', () => {
  turnLogConformance({
    open: ({ maxTurnBytes }) => {
      const clock = manualClock()
      return { log: memoryTurnLog({ maxTurnBytes, clock }), wait: clock.advance }
    },
  })

  it('makes room for running turns by forgetting ended ones, the oldest end first', async () => {
    const log = memoryTurnLog({ maxBytes: 100_000, clock: manualClock() })
    for (const turnId of ['t1', 't2']) {
      await log.start(key, turnId)
      await log.append(key, turnId, 1, [text(30_000)])
      await log.end(key, turnId, 2, '{}')
    }
    await log.start(key, 't3')
    await log.append(key, 't3', 1, [text(60_000)])
    expect(await log.read(key, 't1', all)).toBeUndefined()
    expect(await log.read(key, 't2', all)).toBeDefined()
    await log.start(key, 't4')
    await expect(log.append(key, 't4', 1, [text(60_000)])).rejects.toMatchObject({ code: 'turn-log-full' })
    await log.append(key, 't3', 2, [text(1_000)])
  })

  it('is full of started turns too: their number is bounded', async () => {
    const log = memoryTurnLog({ maxBytes: 100_000, clock: manualClock() })
    const started = await Promise.allSettled(Array.from({ length: 1_000 }, (_, n) => log.start(key, `t${n}`)))
    expect(started.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(100)
  })

  it('has room again once turns have ended and were forgotten', async () => {
    const clock = manualClock()
    const log = memoryTurnLog({ maxBytes: 100_000, retentionMs: 1_000, clock })
    for (let n = 0; n < 10; n += 1) {
      await log.start(key, `t${n}`)
      await log.append(key, `t${n}`, 1, [text(90_000)])
      await log.end(key, `t${n}`, 2, '{}')
      await clock.advance(1_000)
      expect(await log.read(key, `t${n}`, all)).toBeUndefined()
    }
  })

  it('counts two bytes a character for a text that needs them', async () => {
    const log = memoryTurnLog({ maxTurnBytes: 10_000, clock: manualClock() })
    await log.start(key, 't1')
    await expect(log.append(key, 't1', 1, ['漢'.repeat(6_000)])).rejects.toMatchObject({ code: 'turn-log-full' })
    await log.start(key, 't2')
    await log.append(key, 't2', 1, [text(6_000)])
  })

  it('ends a reader in the middle of a turn that is forgotten', async () => {
    const clock = manualClock()
    const log = memoryTurnLog({ clock, retentionMs: 1_000 })
    await log.start(key, 't1')
    await log.append(key, 't1', 1, ['1'])
    const reader = (await log.read(key, 't1', all))?.[Symbol.asyncIterator]()
    expect(await reader?.next()).toMatchObject({ value: [{ seq: 1 }] })
    await log.end(key, 't1', 2, '{}')
    await clock.advance(1_000)
    expect(await reader?.next()).toEqual({ done: true, value: undefined })
  })

  it('lets a reader leave while nothing comes', async () => {
    const log = memoryTurnLog({ clock: manualClock() })
    await log.start(key, 't1')
    const reader = (await log.read(key, 't1', all))?.[Symbol.asyncIterator]()
    const pending = reader?.next()
    expect(await reader?.return?.()).toEqual({ done: true, value: undefined })
    expect(await pending).toEqual({ done: true, value: undefined })
  })
})

const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
const all = { after: 0, signal: new AbortController().signal }
const text = (length: number) => JSON.stringify('x'.repeat(length))

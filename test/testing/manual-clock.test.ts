import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { manualClockBehaviour, realTimersOf } from './manual-clock-behaviour.js'

afterEach(() => void vi.unstubAllGlobals())

describe('in Node', () => {
  manualClockBehaviour()

  it('sets no real timer, however many it runs', async () => {
    expect(await realTimersOf(1_000)).toBe(0)
  })
})

describe('where there is no setImmediate', () => {
  beforeEach(() => void vi.stubGlobal('setImmediate', undefined))
  manualClockBehaviour()

  it('sets no real timer either', async () => {
    expect(await realTimersOf(1_000)).toBe(0)
  })
})

describe('where there is no MessageChannel either', () => {
  beforeEach(() => {
    vi.stubGlobal('setImmediate', undefined)
    vi.stubGlobal('MessageChannel', undefined)
  })
  manualClockBehaviour()

  it('falls back on real timers', async () => {
    expect(await realTimersOf(50)).toBe(51)
  })
})

import { expect, it, vi } from 'vitest'
import { manualClock } from '../../src/testing/manual-clock.js'

/** What holds wherever the clock runs. */
export function manualClockBehaviour(): void {
  it('stands still, then runs what is due in order, each at its own time', async () => {
    const clock = manualClock({ now: 1_000 })
    const ran: [string, number][] = []
    const note = (name: string) => () => ran.push([name, clock.now()])
    clock.setTimeout(note('late'), 30)
    clock.setTimeout(note('first'), 10)
    clock.setTimeout(note('second'), 10)
    const cancel = clock.setTimeout(note('cancelled'), 20)
    cancel()
    await clock.advance(29)
    expect(ran).toEqual([
      ['first', 1_010],
      ['second', 1_010],
    ])
    expect([clock.now(), clock.monotonic()]).toEqual([1_029, 29])
    await clock.advance(1)
    expect(ran).toHaveLength(3)
  })

  it('lets promises settle between timers, and runs timers that timers set', async () => {
    const clock = manualClock()
    const ran: number[] = []
    const again = async () => {
      await Promise.resolve()
      ran.push(clock.now())
      clock.setTimeout(again, 10)
    }
    clock.setTimeout(again, 10)
    await clock.advance(35)
    expect(ran).toEqual([10, 20, 30])
  })

  it('lets chains of promises settle before it continues', async () => {
    const clock = manualClock()
    const ran: string[] = []
    clock.setTimeout(async () => {
      for (let count = 0; count < 100; count++) await Promise.resolve()
      ran.push('settled')
    }, 10)
    clock.setTimeout(() => ran.push('next'), 10)
    await clock.advance(10)
    expect(ran).toEqual(['settled', 'next'])
  })
}

/** Moves a clock on through that many timers and returns how many real ones it took: others may set some meanwhile. */
export async function realTimersOf(timers: number): Promise<number> {
  const setReal = globalThis.setTimeout
  let real = 0
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
    if (new Error().stack?.includes('/src/testing/manual-clock.ts')) real += 1
    return setReal(run, ms)
  }) as typeof setTimeout)
  const clock = manualClock()
  let steps = 0
  for (let at = 1; at <= timers; at++) clock.setTimeout(() => (steps += 1), at)
  await clock.advance(timers)
  expect(steps).toBe(timers)
  spy.mockRestore()
  return real
}

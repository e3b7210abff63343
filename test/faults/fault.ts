import { expect, it } from 'vitest'
import { type FaultId, openFaults } from './open-faults.js'

/** What a fault's test gives: plain values, to be compared with what was seen and what is right. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain }

/** One situation that went wrong, and what it gives. */
export interface Fault<Result extends Plain> {
  /** What happens once it is mended. */
  readonly title: string
  /** Brings the situation about. What it throws fails the test, whether the fault is open or not. */
  readonly run: () => Result | Promise<Result>
  /** The result while the fault is open. */
  readonly seen: NoInfer<Result>
  /** The result once it is mended. */
  readonly right: NoInfer<Result>
}

/**
 * A test of a fault that was found: it passes only with what was `seen` while the fault is open, and only with what is `right`
 * once it was taken off the list of open faults. So a change that mends it, or makes it worse, shows either way.
 */
export function fault<Result extends Plain>(id: FaultId, { title, run, seen, right }: Fault<Result>): void {
  const isOpen = openFaults.includes(id)
  it(`${isOpen ? 'open' : 'mended'} ${id}: ${title}`, async () => {
    expect(seen, 'A fault shows by a difference.').not.toEqual(right)
    const result = await run()
    if (!isOpen) return expect(result).toEqual(right)
    expect(result, `${id} is mended: take it off test/faults/open-faults.ts.`).not.toEqual(right)
    expect(result).toEqual(seen)
  })
}

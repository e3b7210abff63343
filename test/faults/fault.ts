import { expect, it } from 'vitest'
import { type FaultId, openFaults } from './open-faults.js'

/** Generous: some count thousands of calls, and the machine may be busy. */
const timeoutMs = 60_000

/** The result of a fault's test: plain values, compared with the seen and the right result. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain }

/** A situation that went wrong, and its results. */
export interface Fault<Result extends Plain> {
  /** The right behaviour. */
  readonly title: string
  /** Creates the situation. Anything it throws fails the test, whether the fault is open or not. */
  readonly run: () => Result | Promise<Result>
  /** The result while the fault is open. */
  readonly seen: NoInfer<Result>
  /** The result once it is fixed. */
  readonly right: NoInfer<Result>
}

/**
 * Tests a fault that was found. While the fault is open the test passes only with the `seen` result, afterwards only with the
 * `right` one. So a change that fixes the fault, or makes it worse, always fails a test.
 */
export function fault<Result extends Plain>(id: FaultId, { title, run, seen, right }: Fault<Result>): void {
  const isOpen = openFaults.includes(id)
  it(`${isOpen ? 'open' : 'fixed'} ${id}: ${title}`, { timeout: timeoutMs }, async () => {
    expect(seen, 'The seen and the right result must differ.').not.toEqual(right)
    const result = await run()
    if (!isOpen) return expect(result).toEqual(right)
    expect(result, `${id} is fixed: remove it from test/faults/open-faults.ts.`).not.toEqual(right)
    expect(result).toEqual(seen)
  })
}

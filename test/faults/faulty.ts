import type { Clock } from '../../src/core/clock.js'

/** How a call fails. */
export type CallFault = 'fails' | 'is full' | 'hangs' | 'loses its answer' | { readonly takesMs: number }

/** The object with failing calls: `faultOf` says how, by the name of the call. */
export function faulty<T extends object>(object: T, faultOf: (call: string) => CallFault | undefined, clock: Clock): T {
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const run = (...given: readonly unknown[]): unknown => Reflect.apply(member, target, given)
      return (...given: readonly unknown[]) => {
        const fault = typeof name === 'string' ? faultOf(name) : undefined
        // Called synchronously, because a page that goes away has no later task.
        return fault === undefined ? run(...given) : through(fault, () => run(...given), clock)
      }
    },
  })
}

async function through(fault: CallFault, run: () => unknown, clock: Clock): Promise<unknown> {
  if (fault === 'hangs') return new Promise(() => {})
  if (fault === 'fails') throw new Error('The storage is down.')
  if (fault === 'is full') throw new DOMException('The quota was exceeded.', 'QuotaExceededError')
  if (fault === 'loses its answer') {
    await run()
    throw new Error('The answer was lost.')
  }
  await new Promise<void>((resolve) => clock.setTimeout(resolve, fault.takesMs))
  return run()
}

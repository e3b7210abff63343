import type { ClaimLocks } from '../store/browser.js'

/**
 * How the locks of a fake browser behave: `missing` as on plain http, `rejecting` as in a sandboxed frame, `silent` as they never
 * should.
 */
export type FakeLockMode = 'working' | 'missing' | 'rejecting' | 'silent'

/** The Web Locks of a fake browser: exclusive, one holder each, first come, first served; one can be stolen. */
export function fakeLocks() {
  const locks = new Map<string, { holder: Request | undefined; queue: Request[] }>()

  function grantNext(name: string): void {
    const lock = locks.get(name)
    const next = lock?.queue.shift()
    if (!lock) return
    lock.holder = next
    if (next) run(name, next)
  }

  function run(name: string, request: Request): void {
    void request.run({ name }).finally(() => {
      if (locks.get(name)?.holder === request) grantNext(name)
    })
  }

  function request(page: object, ...[name, options, granted]: Parameters<ClaimLocks['request']>): Promise<unknown> {
    const lock = locks.get(name) ?? { holder: undefined, queue: [] }
    locks.set(name, lock)
    const isHeld = lock.holder !== undefined
    if (isHeld && options.ifAvailable) return Promise.resolve().then(() => granted(null))
    return new Promise((resolve, reject) => {
      const own: Request = {
        page,
        async run(granting) {
          await Promise.resolve()
          if (lock.holder !== own) return
          try {
            resolve(await granted(granting))
          } catch (error) {
            reject(error)
          }
        },
        steal: () => reject(new DOMException('The lock was stolen.', 'AbortError')),
      }
      options.signal?.addEventListener('abort', () => {
        lock.queue = lock.queue.filter((waiting) => waiting !== own)
        if (lock.holder !== own) reject(new DOMException('The request was aborted.', 'AbortError'))
      })
      if (options.signal?.aborted) return reject(new DOMException('The request was aborted.', 'AbortError'))
      if (options.steal) {
        const before = lock.holder
        lock.holder = own
        before?.steal()
        run(name, own)
        return
      }
      lock.queue.push(own)
      if (!isHeld) grantNext(name)
    })
  }

  const fake = {
    mode: 'working' as FakeLockMode,

    /** As one page sees them. */
    of(page: object): ClaimLocks | undefined {
      if (fake.mode === 'missing') return undefined
      return {
        request: (...given) => unlessBroken(() => request(page, ...given)),
        query: () =>
          unlessBroken(async () => ({
            held: [...locks].flatMap(([name, { holder }]) => (holder ? { name } : [])),
          })),
      }
    },

    /** The page is gone. */
    releaseAll(page: object): void {
      for (const [name, lock] of locks) {
        lock.queue = lock.queue.filter((waiting) => waiting.page !== page)
        if (lock.holder?.page === page) grantNext(name)
      }
    },
  }
  return fake

  function unlessBroken<T>(run: () => Promise<T>): Promise<T> {
    if (fake.mode === 'silent') return new Promise(() => {})
    if (fake.mode === 'rejecting') return Promise.reject(new DOMException('The request was denied.', 'SecurityError'))
    return run()
  }
}

interface Request {
  readonly page: object
  readonly run: (lock: { readonly name: string }) => Promise<void>
  readonly steal: () => void
}

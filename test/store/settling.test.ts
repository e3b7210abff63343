import { expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import type { SessionStore } from '../../src/store/session-store.js'
import { setUp } from '../support/tabs.js'

const actions: Record<string, (store: SessionStore) => unknown> = {
  initConversation: (store) => store.initConversation('w'),
  switchConversation: (store) => store.switchConversation('earlier'),
  newConversation: (store) => store.newConversation('w'),
  flush: (store) => store.flush(),
  dispose: (store) => store.dispose(),
  signOut: (store) => store.signOut(),
  setUser: (store) => store.setUser('another'),
}

/** How each call of the storage ends. */
const storages: Record<string, (run: () => Promise<unknown>) => Promise<unknown>> = {
  answers: (run) => run(),
  rejects: () => Promise.reject(new Error('down')),
  hangs: () => new Promise(() => {}),
}

function storageThat(ends: (run: () => Promise<unknown>) => Promise<unknown>, real: SessionAdapter): SessionAdapter {
  const through =
    <A extends unknown[], R>(run: (...args: A) => Promise<R>) =>
    // The type of what `ends` gives is that of `run`, whose result it passes on.
    (...args: A) =>
      ends(() => run(...args)) as Promise<R>
  return {
    ...real,
    list: through(real.list),
    get: through(real.get),
    save: through(real.save),
    remove: through(real.remove),
    clear: through(real.clear),
    epochOf: through(async (userId) => (await real.epochOf?.(userId)) ?? ''),
    forget: through(async (userId, epoch) => real.forget?.(userId, epoch)),
  }
}

it('every promise settles, whichever two actions follow each other and whatever the storage does', async () => {
  let runs = 0
  let promises = 0
  const pending: string[] = []
  for (const storage of Object.keys(storages)) {
    for (const durability of ['best-effort', 'committed'] as const) {
      for (const first of Object.keys(actions)) {
        for (const second of Object.keys(actions)) {
          for (const isLater of [false, true]) {
            runs++
            const real = memoryAdapter()
            await real.save([
              {
                userId: 'u1',
                workspace: 'w',
                conversationId: 'earlier',
                epoch: '',
                begins: 1,
                activity: { at: 2, rank: 2 },
              },
            ])
            const ends = storages[storage] ?? ((run) => run())
            const adapter = { ...storageThat(ends, real), durability }
            const { openTab, clock } = setUp({ adapter, userId: 'u1' })
            const { store } = openTab()
            const begun = [started(first, store)]
            if (first !== 'dispose' && first !== 'signOut')
              attempt(() => store.recordMessage({ role: 'user', text: 'hi' }))
            if (isLater) await clock.advance(1)
            begun.push(started(second, store))
            begun.push({ name: 'dispose at the end', promise: store.dispose() })
            const open = new Set(begun.map(({ name }) => name))
            for (const { name, promise } of begun) {
              promises++
              void promise.then(
                () => open.delete(name),
                () => open.delete(name),
              )
            }
            await clock.advance(120_000)
            for (const name of open)
              pending.push(`${name} of ${first}, ${second} (${storage}, ${durability}, ${isLater})`)
          }
        }
      }
    }
  }
  process.stdout.write(`${promises} promises in ${runs} runs\n`)
  expect(runs).toBe(3 * 2 * 7 * 7 * 2)
  expect(pending).toEqual([])
}, 120_000)

function started(name: string, store: SessionStore): { readonly name: string; readonly promise: Promise<unknown> } {
  const run = actions[name]
  return { name, promise: Promise.resolve(run && attempt(() => run(store))) }
}

/** What an action throws at once, such as `disposed`, counts as settled. */
function attempt(run: () => unknown): unknown {
  try {
    return run()
  } catch {
    return undefined
  }
}

import type { SessionAdapter } from '../../src/core/session-adapter.js'

/** What calls of an adapter wait for. */
export type Gate = Partial<Record<'list' | 'get' | 'save' | 'remove' | 'clear', Promise<unknown> | undefined>>

/** The adapter, whose calls wait at their gate: after they did their work, or before. */
export function gated(real: SessionAdapter, gate: Gate, when: 'before' | 'after' = 'after'): SessionAdapter {
  function wrap<A extends unknown[], R>(name: keyof Gate, run: (...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      const closed = gate[name]
      if (when === 'before') await closed
      const answer = await run(...args)
      if (when === 'after') await closed
      return answer
    }
  }
  return {
    ...real,
    list: wrap('list', real.list),
    get: wrap('get', real.get),
    save: wrap('save', real.save),
    remove: wrap('remove', real.remove),
    clear: wrap('clear', real.clear),
  }
}

/** A promise that the test resolves. */
export function deferred(): { readonly p: Promise<void>; readonly open: () => void } {
  let open = (): void => {}
  const p = new Promise<void>((resolve) => {
    open = resolve
  })
  return { p, open }
}

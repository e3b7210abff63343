import { useSyncExternalStore } from 'react'

/** A stored value, as DevTools would show it. */
export interface StoredValue {
  readonly area: 'local' | 'session'
  readonly key: string
  /** JSON in readable form; other text as it is. */
  readonly text: string
}

/** What leftoff keeps in this browser for this page. */
export function useBrowserStorage(): readonly StoredValue[] {
  return useSyncExternalStore(subscribe, read)
}

/** A page gets no event for its own writes to storage, so this looks once a second. */
function subscribe(listener: () => void): () => void {
  const timer = setInterval(listener, 1000)
  return () => clearInterval(timer)
}

let last: { readonly signature: string; readonly values: readonly StoredValue[] } = { signature: '', values: [] }

/** The same array as long as nothing changed, as `useSyncExternalStore` asks. */
function read(): readonly StoredValue[] {
  const values = [...valuesIn('local', () => localStorage), ...valuesIn('session', () => sessionStorage)]
  const signature = JSON.stringify(values)
  if (signature !== last.signature) last = { signature, values }
  return last.values
}

function valuesIn(area: StoredValue['area'], open: () => Storage): StoredValue[] {
  try {
    const storage = open()
    return Object.keys(storage)
      .filter((key) => key.startsWith('claude-session-storage'))
      .sort()
      .map((key) => ({ area, key, text: readable(storage.getItem(key) ?? '') }))
  } catch {
    return [] // a browser may forbid storage; leftoff then keeps the sessions in memory
  }
}

function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}

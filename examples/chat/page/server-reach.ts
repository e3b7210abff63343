import { useSyncExternalStore } from 'react'

/** How long after a request that reached nobody the server is asked again. */
const againMs = 2_000

let hasAnswered = true
let isToAskAgain = false
const listeners = new Set<() => void>()

/** As `fetch`; remembers whether the server was there. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    const response = await fetch(url, init)
    note(true)
    return response
  } catch (error) {
    // What this page ended itself says nothing.
    if (!init.signal?.aborted) note(false)
    throw error
  }
}

/** Whether the server can be reached, as far as is known. */
export function useServerReach(): boolean {
  return useSyncExternalStore(subscribe, () => hasAnswered && navigator.onLine)
}

function note(answered: boolean): void {
  if (!answered && !isToAskAgain) setTimeout(askAgain, againMs)
  isToAskAgain ||= !answered
  if (answered === hasAnswered) return
  hasAnswered = answered
  tell()
}

/** Until it answers: else the page would not know before somebody sends something. */
function askAgain(): void {
  isToAskAgain = false
  ask('/api/health', { signal: AbortSignal.timeout(5_000) }).catch(() => note(false))
}

function tell(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

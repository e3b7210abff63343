import { vi } from 'vitest'

/** Waits until `check` no longer throws, as long as a busy machine may need: Vitest's own second is too little for a browser. */
export function until<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 15_000 })
}

/** What a page of the storage tests has of `navigator.locks`. */
export type LocksMode = 'working' | 'missing' | 'rejecting'

/** What the page runs ahead of its own script. */
export const locksScripts: Readonly<Record<LocksMode, string>> = {
  working: '',
  missing: script(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })
  }),
  rejecting: script(() => {
    const refuse = () => Promise.reject(new DOMException('The request was denied.', 'SecurityError'))
    Object.assign(LockManager.prototype, { request: refuse, query: refuse })
  }),
}

export function isLocksMode(mode: string): mode is LocksMode {
  return Object.hasOwn(locksScripts, mode)
}

function script(run: () => void): string {
  return `<script>(${run})()</script>`
}

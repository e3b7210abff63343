import { useEffect } from 'react'
import type { SessionEvent } from '../core/session-event.js'
import { useSessionStore } from './session-context.js'
import { useLatest } from './use-latest.js'

/**
 * Calls `listener` for each of the store's events while the component is mounted. It may be another function in each render.
 *
 * @example
 * ```tsx
 * import { useSessionEvent } from 'leftoff/react'
 *
 * export function Notices({ show }: { show: (text: string) => void }) {
 *   useSessionEvent((event) => {
 *     if (event.type === 'conversation-lost') show('This conversation was removed.')
 *   })
 *   return null
 * }
 * ```
 */
export function useSessionEvent(listener: (event: SessionEvent) => void): void {
  const store = useSessionStore()
  const tell = useLatest(listener)
  useEffect(() => store.on((event) => tell.current(event)), [store, tell])
}

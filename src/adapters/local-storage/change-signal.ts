/** What a page learns about keys. */
export interface KeyListener {
  /** Another page wrote or removed the key; `undefined`: it cleared the whole storage. */
  readonly onKey: (key: string | undefined) => void
  /** The page was in the back/forward cache or frozen: it may have missed anything. */
  readonly onWake: () => void
}

/**
 * Tells handles of one name that conversations changed: those of other pages by the browser's `storage` event, which arrives
 * once the new bytes can be read, and those of this page by an event on the window, because `storage` is not sent to the page
 * that wrote.
 */
export function changeSignal(name: string, events: EventTarget | undefined) {
  const type = `${name}/changed`
  return {
    announce(userId: string, conversationIds: readonly string[]): void {
      events?.dispatchEvent(new CustomEvent(type, { detail: { userId, conversationIds } }))
    },

    onAnnounced(listener: (userId: string, conversationIds: readonly string[]) => void): () => void {
      const onChanged = (event: Event): void => {
        // Only `announce` sends events of this name.
        const { detail } = event as CustomEvent<{ userId: string; conversationIds: readonly string[] }>
        listener(detail.userId, detail.conversationIds)
      }
      events?.addEventListener(type, onChanged)
      return () => events?.removeEventListener(type, onChanged)
    },

    listen({ onKey, onWake }: KeyListener): () => void {
      const stop = new AbortController()
      const onStorage = (event: Event): void => {
        const key = 'key' in event ? event.key : undefined
        if (key === null || typeof key === 'string') onKey(key ?? undefined)
      }
      const { signal } = stop
      events?.addEventListener('storage', onStorage, { signal })
      // `resume` is sent to the document and does not bubble.
      for (const wake of ['pageshow', 'resume']) events?.addEventListener(wake, onWake, { capture: true, signal })
      return () => stop.abort()
    },
  }
}

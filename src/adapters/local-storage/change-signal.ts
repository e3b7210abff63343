/**
 * Tells handles of one name that a conversation changed: other documents by the browser's `storage` event, which arrives
 * once the new bytes can be read (after a BroadcastChannel message they may still be old), and handles of this page by an
 * event on the window, since `storage` is not sent to the document that wrote.
 */
export function changeSignal(
  name: string,
  parse: (key: string) => { userId: string; conversationId: string } | undefined,
  events: EventTarget | undefined,
) {
  const type = `${name}/changed`
  return {
    tell(userId: string, conversationIds: readonly string[]): void {
      events?.dispatchEvent(new CustomEvent(type, { detail: { userId, conversationIds } }))
    },
    subscribe(userId: string, listener: (conversationIds: readonly string[]) => void): () => void {
      const onStorage = (event: Event): void => {
        const key = 'key' in event ? event.key : undefined
        if (key === null) listener([]) // the whole storage was cleared
        if (typeof key !== 'string') return
        const changed = parse(key)
        if (changed?.userId === userId) listener([changed.conversationId])
      }
      const onChanged = (event: Event): void => {
        // Only `tell` sends events of this name.
        const { detail } = event as CustomEvent<{ userId: string; conversationIds: readonly string[] }>
        if (detail.userId === userId) listener(detail.conversationIds)
      }
      events?.addEventListener('storage', onStorage)
      events?.addEventListener(type, onChanged)
      return () => {
        events?.removeEventListener('storage', onStorage)
        events?.removeEventListener(type, onChanged)
      }
    },
  }
}

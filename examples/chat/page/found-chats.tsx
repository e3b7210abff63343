import { useSessionHistory } from 'leftoff/react'
import { useEffect } from 'react'

/** The conversations whose title has the wanted text, of all that are stored. */
export function FoundChats({
  workspace,
  wanted,
  onSwitch,
}: {
  readonly workspace: string
  readonly wanted: string
  readonly onSwitch: () => void
}) {
  const { items, hasMore, loadMore, switchConversation } = useSessionHistory({ workspace, pageSize: 200 })
  useEffect(() => {
    if (hasMore) loadMore().catch(() => undefined /* what is loaded is searched */)
  }, [hasMore, loadMore])

  const text = wanted.toLocaleLowerCase()
  const found = items.filter(({ session: { title, lastMessagePreview } }) =>
    (title ?? lastMessagePreview ?? '').toLocaleLowerCase().includes(text),
  )
  return (
    <section className="leftoff-history" aria-label="Found conversations">
      <p className="leftoff-history-empty" role="status">
        {found.length === 0 ? 'No title contains this text.' : `${found.length} found`}
      </p>
      <ul className="leftoff-history-list">
        {found.map(({ session: { conversationId, title, lastMessagePreview }, isCurrent }) => (
          <li key={conversationId} className="leftoff-history-item" data-current={isCurrent || undefined}>
            <button
              type="button"
              className="leftoff-history-open"
              aria-current={isCurrent || undefined}
              onClick={() => void switchConversation(conversationId).then(({ ok }) => ok && onSwitch())}
            >
              <span className="leftoff-history-title">{title ?? lastMessagePreview}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

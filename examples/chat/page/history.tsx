import { useSessions } from 'leftoff/react'
import { relativeTime, useNow } from './relative-time.js'

/** The newest ten conversations of the workspace. */
export function History({
  workspace,
  currentId,
  onOpen,
}: {
  readonly workspace: string
  readonly currentId: string | undefined
  readonly onOpen: (conversationId: string) => void
}) {
  const sessions = useSessions(workspace)
  const now = useNow()
  return (
    <section className="history" aria-labelledby="history-title">
      <h2 id="history-title">Recent</h2>
      {sessions.length === 0 && <p className="quiet">Your conversations will be listed here.</p>}
      <ol data-testid="history">
        {sessions.map(({ conversationId, title, lastMessagePreview, lastActivity, messageCount }) => (
          <li key={conversationId}>
            <button
              type="button"
              data-testid="history-item"
              data-conversation-id={conversationId}
              aria-current={conversationId === currentId ? 'true' : undefined}
              onClick={() => onOpen(conversationId)}
            >
              <span className="history-title">{title ?? lastMessagePreview ?? 'New chat'}</span>
              <span className="history-meta">
                {relativeTime(lastActivity, now)}
                {messageCount > 0 && ` · ${messageCount} ${messageCount === 1 ? 'message' : 'messages'}`}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}

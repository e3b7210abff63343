import { useSessions } from 'leftoff/react'
import { Icon } from './icon.js'
import { SaveStatus } from './save-status.js'

/** Which conversation this is, whether it is safe, and the ways to the panels. */
export function TopBar({
  workspace,
  conversationId,
  isStoredOpen,
  onStoredToggle,
  onChatsOpen,
}: {
  readonly workspace: string
  readonly conversationId: string | undefined
  readonly isStoredOpen: boolean
  readonly onStoredToggle: () => void
  /** Missing where the chats are on screen anyway. */
  readonly onChatsOpen?: () => void
}) {
  const session = useSessions(workspace).find((session) => session.conversationId === conversationId)
  return (
    <header className="top">
      {onChatsOpen && (
        <button type="button" className="icon-button" aria-label="Chats" aria-haspopup="dialog" onClick={onChatsOpen}>
          <Icon name="chats" />
        </button>
      )}
      <div className="top-title">
        <h1>{session?.title ?? 'New chat'}</h1>
        <p>{workspace}</p>
      </div>
      <SaveStatus />
      <button
        type="button"
        className="button"
        data-testid="stored-toggle"
        aria-expanded={isStoredOpen}
        onClick={onStoredToggle}
      >
        <Icon name="stored" />
        Stored
      </button>
    </header>
  )
}

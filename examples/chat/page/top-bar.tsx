import { NewChatButton, useSessions } from 'leftoff/react'
import { useEffect } from 'react'
import { type Address, hrefOf } from './address.js'
import type { Happening } from './happenings.js'
import { Icon } from './icon.js'
import { SaveStatus } from './save-status.js'
import type { Place } from './storage.js'

/** Which conversation this is, whether it is safe, and the ways to the panels. */
export function TopBar({
  address,
  isReached,
  happenings,
  place,
  isStoredOpen,
  onStoredToggle,
  onChatsOpen,
}: {
  readonly address: Address
  readonly isReached: boolean
  readonly happenings: readonly Happening[]
  readonly place: Place
  readonly isStoredOpen: boolean
  readonly onStoredToggle: () => void
  /** Missing where the chats are on screen anyway. */
  readonly onChatsOpen?: () => void
}) {
  const session = useSessions(address.workspace).find((one) => one.conversationId === address.conversationId)
  const title = session?.title
  useEffect(() => {
    // What a row of tabs, and the browser's own history, tell conversations apart by.
    document.title = title ? `${title} – leftoff chat` : 'leftoff chat'
  }, [title])

  return (
    <header className="top">
      {onChatsOpen && (
        <button type="button" className="icon-button" aria-label="Chats" aria-haspopup="dialog" onClick={onChatsOpen}>
          <Icon name="chats" />
        </button>
      )}
      <h1>{title ?? 'New chat'}</h1>
      <SaveStatus isReached={isReached} happenings={happenings} place={place} />
      {onChatsOpen ? (
        <NewChatButton className="icon-button" aria-label="New chat" title="New chat">
          <Icon name="plus" />
        </NewChatButton>
      ) : (
        <>
          <a
            className="icon-button"
            href={hrefOf(address)}
            target="_blank"
            rel="noopener"
            aria-label="Open this chat in a second tab"
            title="Open this chat in a second tab: it watches until you use it there"
          >
            <Icon name="newTab" />
          </a>
          <button
            type="button"
            className="icon-button"
            data-testid="stored-toggle"
            aria-label="What is stored"
            title="What is stored"
            aria-expanded={isStoredOpen}
            onClick={onStoredToggle}
          >
            <Icon name="stored" />
          </button>
        </>
      )}
    </header>
  )
}

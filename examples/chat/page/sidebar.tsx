import { NewChatButton, SessionHistory } from 'leftoff/react'
import { useState } from 'react'
import { workspaces } from '../shared/chat-api.js'
import { AccountMenu } from './account-menu.js'
import { goTo, hrefOf } from './address.js'
import { FoundChats } from './found-chats.js'
import { Icon } from './icon.js'

/** Workspaces, a new chat, the history and a filter over it, and what belongs to the person. */
export function Sidebar({
  workspace,
  onStored,
  onLeave,
}: {
  readonly workspace: string
  readonly onStored: () => void
  /** Called when another conversation was chosen. */
  readonly onLeave: () => void
}) {
  const [filter, setFilter] = useState('')
  const wanted = filter.trim()
  const leave = () => {
    setFilter('')
    onLeave()
  }
  return (
    <nav className="sidebar" aria-label="Chats">
      <p className="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M3 3h18v13h-9l-5 5v-5H3z" />
        </svg>
        leftoff
      </p>
      <ul className="workspaces" aria-label="Workspaces">
        {workspaces.map((name) => (
          <li key={name}>
            <a
              data-testid="workspace-link"
              data-workspace={name}
              href={hrefOf({ workspace: name, conversationId: undefined })}
              aria-current={name === workspace ? 'true' : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return // a new tab or window is the browser's
                event.preventDefault()
                leave()
                if (name !== workspace) goTo({ workspace: name, conversationId: undefined }, 'push')
              }}
            >
              {name.split('.')[0]}
            </a>
          </li>
        ))}
      </ul>
      <NewChatButton className="button new-chat" data-testid="new-chat" onNewConversation={leave}>
        <Icon name="plus" />
        New chat
      </NewChatButton>
      <search className="filter">
        <Icon name="find" />
        <input
          id="filter"
          type="search"
          placeholder="Find a chat"
          aria-label="Find a chat by its title"
          autoComplete="off"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      </search>
      <div className="history">
        {wanted === '' ? (
          <SessionHistory
            workspace={workspace}
            pageSize={30}
            onSwitch={leave}
            texts={{
              label: 'Recent conversations',
              empty: 'Your chats will be listed here.',
              removed: () => 'Removed.', // the row that went says which
            }}
          />
        ) : (
          <FoundChats workspace={workspace} wanted={wanted} onSwitch={leave} />
        )}
      </div>
      <AccountMenu onStored={onStored} />
    </nav>
  )
}

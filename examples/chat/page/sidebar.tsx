import { NewChatButton, SessionHistory } from 'leftoff/react'
import { workspaces } from '../shared/chat-api.js'
import { Icon } from './icon.js'
import { workspaceHref } from './use-workspace.js'

/** Workspaces, a new chat, the history, and a second tab to try it with. */
export function Sidebar({
  workspace,
  conversationId,
  onWorkspaceChange,
  onLeave,
}: {
  readonly workspace: string
  readonly conversationId: string | undefined
  readonly onWorkspaceChange: (workspace: string) => void
  /** Called when another conversation was chosen. */
  readonly onLeave: () => void
}) {
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
              href={workspaceHref(name)}
              aria-current={name === workspace ? 'true' : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return // a new tab or window is the browser's
                event.preventDefault()
                onLeave()
                onWorkspaceChange(name)
              }}
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
      <NewChatButton className="button" data-testid="new-chat" onNewConversation={onLeave}>
        <Icon name="plus" />
        New chat
      </NewChatButton>
      <h2 className="sidebar-title">Recent</h2>
      <SessionHistory
        workspace={workspace}
        onSwitch={onLeave}
        texts={{ label: 'Recent conversations', empty: 'Your conversations will be listed here.' }}
      />
      <section className="second-tab" aria-labelledby="second-tab">
        <h2 id="second-tab">One tab, one conversation</h2>
        <p>
          A second tab gets a conversation of its own. Open this one there, and that tab watches until you move it over.
        </p>
        <p>
          <a href={workspaceHref(workspace)} target="_blank" rel="noopener">
            Open a second tab <Icon name="newTab" />
          </a>
          {conversationId !== undefined && (
            <a href={workspaceHref(workspace, conversationId)} target="_blank" rel="noopener">
              Open this one in a second tab <Icon name="newTab" />
            </a>
          )}
        </p>
      </section>
    </nav>
  )
}

import { NewChatButton, useConversationSession, useSessionActions } from 'leftoff/react'
import { useState } from 'react'
import { workspaces } from '../shared/chat-api.js'
import { Composer } from './composer.js'
import { History } from './history.js'
import { Messages } from './messages.js'
import { SaveStatus } from './save-status.js'
import { SessionNotice } from './session-notice.js'
import { type SessionsIn, StoredView } from './stored-view.js'
import { useChat } from './use-chat.js'
import { workspaceHref } from './use-workspace.js'

/** The whole page: workspaces and history, the chat, and what is stored. */
export function ChatPage({
  workspace,
  onWorkspaceChange,
  sessionsIn,
}: {
  readonly workspace: string
  readonly onWorkspaceChange: (workspace: string) => void
  readonly sessionsIn: SessionsIn
}) {
  const session = useConversationSession(workspace)
  const { switchConversation } = useSessionActions()
  const [panel, setPanel] = useState<'history' | 'stored'>()

  const { conversationId } = session
  const open = session.isInitialized
    ? { workspace, conversationId: session.conversationId, tabId: session.tabId, isResumed: session.isResumed }
    : undefined
  const { chat, hasLoadFailed, loadAgain, isAnswering, send, retry, stop, forget } = useChat(open)

  const goTo = (run: () => unknown) => {
    setPanel(undefined)
    run()
  }
  const toggle = (name: 'history' | 'stored') => setPanel((now) => (now === name ? undefined : name))

  return (
    <div className="page" data-panel={panel}>
      <a className="skip" href="#composer">
        Skip to the message box
      </a>

      <nav className="side" id="side" aria-label="Chats">
        <p className="brand">
          leftoff <span>chat</span>
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
                  goTo(() => onWorkspaceChange(name))
                }}
              >
                {name}
              </a>
            </li>
          ))}
        </ul>
        <NewChatButton className="new-chat" data-testid="new-chat" onNewConversation={() => goTo(() => undefined)}>
          New chat
        </NewChatButton>
        <History workspace={workspace} currentId={conversationId} onOpen={(id) => goTo(() => switchConversation(id))} />
      </nav>

      <header className="top">
        <button
          type="button"
          className="only-narrow"
          aria-expanded={panel === 'history'}
          aria-controls="side"
          onClick={() => toggle('history')}
        >
          Chats
        </button>
        <h1>{workspace}</h1>
        <SaveStatus />
        <button
          type="button"
          className="only-medium"
          aria-expanded={panel === 'stored'}
          aria-controls="stored"
          onClick={() => toggle('stored')}
        >
          Stored
        </button>
      </header>

      <main className="chat">
        <SessionNotice />
        <Messages
          key={conversationId}
          chat={chat}
          hasLoadFailed={hasLoadFailed}
          onLoadAgain={loadAgain}
          onRetry={retry}
          onSuggestion={send}
        />
        <Composer
          conversationId={conversationId}
          isDisabled={chat === undefined}
          isAnswering={isAnswering}
          onSend={send}
          onStop={stop}
        />
      </main>

      <StoredView sessionsIn={sessionsIn} open={open} isAnswering={isAnswering} onForget={forget} />
    </div>
  )
}

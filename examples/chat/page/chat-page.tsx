import { useConversationSession } from 'leftoff/react'
import { useState } from 'react'
import { Composer } from './composer.js'
import { Messages } from './messages.js'
import { Panel } from './panel.js'
import { SessionNotice } from './session-notice.js'
import { Sidebar } from './sidebar.js'
import { type SessionsIn, StoredView } from './stored-view.js'
import { TopBar } from './top-bar.js'
import { useChat } from './use-chat.js'
import { useMediaQuery } from './use-media-query.js'
import { forgetLink } from './use-workspace.js'

/** The whole page: workspaces and history, the chat, and what is stored. */
export function ChatPage({
  workspace,
  linkedId,
  onWorkspaceChange,
  sessionsIn,
}: {
  readonly workspace: string
  readonly linkedId: string | undefined
  readonly onWorkspaceChange: (workspace: string) => void
  readonly sessionsIn: SessionsIn
}) {
  const session = useConversationSession(workspace, {
    ...(linkedId !== undefined && { conversationId: linkedId }),
    onConversationIdChange: forgetLink,
  })
  const hasRoomForChats = useMediaQuery('(min-width: 48rem)')
  const hasRoomForStored = useMediaQuery('(min-width: 75rem)')
  const [areChatsOpen, setChatsOpen] = useState(false)
  const [storedChoice, setStoredChoice] = useState<boolean>()
  const isStoredOpen = storedChoice ?? hasRoomForStored

  const open = session.isInitialized
    ? {
        workspace,
        conversationId: session.conversationId,
        isResumed: session.isResumed,
        isWatching: session.status === 'watching',
      }
    : undefined
  const { chat, hasLoadFailed, loadAgain, isAnswering, send, retry, stop, forget } = useChat(open)
  const { conversationId } = session
  const canSend = chat !== undefined && (session.status === 'ready' || session.status === 'degraded')

  return (
    <div className="page">
      <a className="skip" href="#composer">
        Skip to the message box
      </a>

      <Panel
        side="start"
        label="Chats"
        hasRoom={hasRoomForChats}
        isOpen={hasRoomForChats || areChatsOpen}
        onClose={() => setChatsOpen(false)}
      >
        <Sidebar
          workspace={workspace}
          conversationId={conversationId}
          onWorkspaceChange={onWorkspaceChange}
          onLeave={() => setChatsOpen(false)}
        />
      </Panel>

      <div className="middle">
        <TopBar
          workspace={workspace}
          conversationId={conversationId}
          isStoredOpen={isStoredOpen}
          onStoredToggle={() => setStoredChoice(!isStoredOpen)}
          {...(!hasRoomForChats && { onChatsOpen: () => setChatsOpen(true) })}
        />
        <main className="chat">
          <SessionNotice workspace={workspace} />
          <Messages
            key={conversationId}
            chat={chat}
            canSend={canSend}
            hasLoadFailed={hasLoadFailed}
            onLoadAgain={loadAgain}
            onRetry={retry}
            onSuggestion={send}
          />
          <Composer
            conversationId={conversationId}
            isDisabled={!canSend}
            isAnswering={isAnswering}
            onSend={send}
            onStop={stop}
          />
        </main>
      </div>

      <Panel
        side="end"
        label="What is stored"
        hasRoom={hasRoomForStored}
        isOpen={isStoredOpen}
        onClose={() => setStoredChoice(false)}
      >
        <StoredView sessionsIn={sessionsIn} open={open} isAnswering={isAnswering} onForget={forget} />
      </Panel>
    </div>
  )
}

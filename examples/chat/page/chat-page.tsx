import { useConversationSession, useMessages } from 'leftoff/react'
import { useState } from 'react'
import { client, forgetTranscript, loadMessages } from './api.js'
import { noticesOf, ownTexts } from './chat-notices.js'
import { Composer } from './composer.js'
import { Messages } from './messages.js'
import { Panel } from './panel.js'
import { SessionNotice } from './session-notice.js'
import { Sidebar } from './sidebar.js'
import { type SessionsIn, StoredView } from './stored-view.js'
import { TopBar } from './top-bar.js'
import { useMediaQuery } from './use-media-query.js'
import { useOwnNotices } from './use-own-notices.js'
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

  const chat = useMessages(session, { client, load: loadMessages })
  const own = useOwnNotices(session, chat)
  const { status, send, stop } = chat
  const { conversationId } = session
  const isAnswering = status === 'sending' || status === 'answering' || status === 'stopping'
  const isThere = status !== 'loading' && status !== 'load-failed'
  const canSend = isThere && (session.status === 'ready' || session.status === 'degraded')
  const open = conversationId === undefined ? undefined : { workspace, conversationId }

  async function forget(): Promise<void> {
    if (!open) return
    const text = await forgetTranscript(open).then(
      (forgotten) => (forgotten ? ownTexts.forgotten : ownTexts.nothingToForget),
      () => ownTexts.notForgotten,
    )
    own.add('forgotten', text)
  }

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
            notices={[...own.notices, ...noticesOf(chat.notices)]}
            canSend={canSend}
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

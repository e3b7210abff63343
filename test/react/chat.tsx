import type { ReactNode } from 'react'
import {
  NewChatButton,
  useConversationId,
  useConversationSession,
  useCurrentWorkspace,
  useSessionStatus,
  useSessions,
} from '../../src/react/index.js'

/** A page that shows all that the hooks give. */
export function Chat({ workspace }: { workspace: string | null }): ReactNode {
  const { conversationId, isInitialized, isResumed, recordMessage } = useConversationSession(workspace)
  const sessions = useSessions(workspace ?? undefined)
  const { status } = useSessionStatus()
  return (
    <main data-status={status} data-initialized={isInitialized} data-resumed={isResumed}>
      <code id="conversation">{conversationId}</code>
      <code id="current">{useConversationId()}</code>
      <code id="workspace">{useCurrentWorkspace()}</code>
      <ul>
        {sessions.map((session) => (
          <li key={session.conversationId}>
            {session.lastMessagePreview ?? 'New chat'} ({session.messageCount})
          </li>
        ))}
      </ul>
      <button type="button" id="say" onClick={() => recordMessage({ role: 'user', text: 'hello' })}>
        Say hello
      </button>
      <NewChatButton id="new">New chat</NewChatButton>
    </main>
  )
}

import { NewChatButton, SessionHistory, useConversationSession, useSessionActions } from 'leftoff/react'
import { type ChatMessage, type OpenConversation, useChat } from './use-chat.js'
import { useMessages } from './use-messages.js'

export function Chat({ workspace }: { readonly workspace: string }) {
  const session = useConversationSession(workspace)
  const { takeOver } = useSessionActions()
  const earlier = useMessages(session.conversationId)
  return (
    <>
      <NewChatButton>New chat</NewChatButton>
      <SessionHistory workspace={workspace} />
      {session.status === 'watching' && (
        <p role="status">
          This conversation is open in another tab.
          <button type="button" onClick={() => void takeOver(workspace)}>
            Use here
          </button>
        </p>
      )}
      {session.isInitialized && earlier ? (
        <Conversation key={session.conversationId} open={{ ...session, workspace }} earlier={earlier} />
      ) : (
        <p role="status">Opening …</p>
      )}
    </>
  )
}

function Conversation({
  open,
  earlier,
}: {
  readonly open: OpenConversation
  readonly earlier: readonly ChatMessage[]
}) {
  const { messages, answer, notice, send } = useChat(open, earlier)
  return (
    <form action={(form: FormData) => void send(String(form.get('message')))}>
      <ol role="log">
        {messages.map(({ role, text }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages are added at the end only
          <li key={index} data-role={role}>
            {text}
          </li>
        ))}
      </ol>
      {answer !== undefined && <p>{answer} …</p>}
      <p role="status">{notice}</p>
      <input name="message" aria-label="Message" required />
      <button type="submit" disabled={answer !== undefined}>
        Send
      </button>
    </form>
  )
}

import { NewChatButton, SessionHistory, useConversationSession } from 'leftoff/react'
import { type ChatMessage, type OpenConversation, useChat } from './use-chat.js'
import { useMessages } from './use-messages.js'

export function Chat({ workspace }: { readonly workspace: string }) {
  const session = useConversationSession(workspace)
  const earlier = useMessages(session.conversationId)
  return (
    <>
      <NewChatButton>New chat</NewChatButton>
      <SessionHistory workspace={workspace} />
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

import 'leftoff/react/styles.css'
import { NewChatButton, SessionHistory, SessionNotice } from 'leftoff/react'
import { hasLostContext, textOf, useLeftoffChat } from './use-leftoff-chat.js'

/** Its route is route.ts beside it, or ../../routes/turns.ts for an agent with sessions. */
export function Chat({ workspace }: { readonly workspace: string }) {
  const chat = useLeftoffChat(workspace)
  const { conversationId, messages, status, isAnswering, isWatching, isLoaded, problem } = chat

  function send(form: FormData): void {
    void chat.sendMessage({ text: String(form.get('message')) })
  }

  return (
    <>
      <NewChatButton>New chat</NewChatButton>
      <SessionHistory />
      <SessionNotice />
      <output>{conversationId}</output>
      <ol role="log" data-status={status}>
        {messages.map((message) => (
          <li key={message.id} data-role={message.role} data-id={message.id}>
            {hasLostContext(message) && (
              <em role="status">The agent no longer knows the earlier messages of this conversation.</em>
            )}
            {textOf(message)}
            {marks[message.metadata?.outcome ?? '']}
          </li>
        ))}
      </ol>
      {problem !== undefined && (
        <p role="alert">
          {problem}{' '}
          <button type="button" onClick={chat.retry}>
            Try again
          </button>
        </p>
      )}
      <form key={conversationId} action={send}>
        <input name="message" aria-label="Message" autoComplete="off" required readOnly={isWatching} />
        {isAnswering ? (
          <button type="button" onClick={chat.stop}>
            Stop
          </button>
        ) : (
          <button type="submit" disabled={!isLoaded || isWatching}>
            Send
          </button>
        )}
      </form>
    </>
  )
}

/** What is said of an answer that is not whole. */
const marks: Partial<Record<string, string>> = {
  stopped: ' (stopped)',
  failed: ' (failed)',
  interrupted: ' (interrupted)',
}

import { NewChatButton, SessionHistory, SessionNotice, useConversationSession, useMessages } from 'leftoff/react'
import { client, load } from './messages.js'

export function Chat({ workspace }: { readonly workspace: string }) {
  const conversation = useConversationSession(workspace)
  const { messages, status, notices, send, stop, retry } = useMessages(conversation, { client, load })
  return (
    <>
      <NewChatButton>New chat</NewChatButton>
      <SessionHistory workspace={workspace} />
      <SessionNotice workspace={workspace} />
      <ol role="log">
        {messages.map(({ id, role, text }) => (
          <li key={id} data-role={role}>
            {text}
          </li>
        ))}
      </ol>
      {notices.map(({ id, text, canRetry }) => (
        <p key={id} role="status">
          {text}
          {canRetry && (
            <button type="button" onClick={() => retry(id)}>
              Retry
            </button>
          )}
        </p>
      ))}
      {status === 'load-failed' && (
        <button type="button" onClick={() => retry()}>
          Load the messages again
        </button>
      )}
      <form action={(form: FormData) => send(String(form.get('message')))}>
        <input name="message" aria-label="Message" autoComplete="off" required />
        {status === 'sending' || status === 'answering' ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="submit" disabled={status !== 'ready' || conversation.status === 'watching'}>
            Send
          </button>
        )}
      </form>
    </>
  )
}

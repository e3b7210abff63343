import type { MessagesResult, ThreadMessage } from 'leftoff/react'
import { contextLost, type Notice } from './chat-notices.js'
import { useStickToEnd } from './use-stick-to-end.js'
import { Welcome } from './welcome.js'

/** The conversation, read out as it grows: an answer once it is whole, a notice at once. */
export function Messages({
  chat: { messages, status, send, retry },
  notices,
  canSend,
}: {
  readonly chat: MessagesResult
  readonly notices: readonly Notice[]
  readonly canSend: boolean
}) {
  const scroller = useStickToEnd(messages, notices)
  const isAnswering = status === 'sending' || status === 'answering' || status === 'stopping'
  const isThere = status !== 'loading' && status !== 'load-failed'
  const last = notices.at(-1)
  const noticesBelow = (messageId: string | undefined) =>
    notices
      .filter((notice) => notice.messageId === messageId)
      .map((notice) => <NoticeLine key={notice.id} notice={notice} canSend={canSend} onRetry={retry} />)
  return (
    <>
      <div
        ref={scroller}
        className="messages"
        role="log"
        aria-live="polite"
        aria-label="Messages"
        aria-busy={isAnswering}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and not every browser lets the arrow keys in
        tabIndex={0}
      >
        <div className="column">
          {status === 'loading' && <Skeleton />}
          {status === 'load-failed' && <LoadFailed onLoadAgain={() => retry()} />}
          {isThere && messages.length === 0 && <Welcome canSend={canSend} onSuggestion={send} />}
          {noticesBelow(undefined)}
          {messages.map((message, index) => {
            const isAnswered = messages[index + 1]?.id === `${message.id}.answer`
            const questionId = message.role === 'assistant' ? messages[index - 1]?.id : undefined
            return [
              message.contextLost && <ContextLost key={`${message.id} context-lost`} />,
              message.state === 'answering' ? (
                <Answer key={message.id} text={message.text} />
              ) : (
                <Message key={message.id} message={message} />
              ),
              // What is about a question stands below its answer.
              ...(isAnswered ? [] : noticesBelow(message.id)),
              ...(questionId === undefined ? [] : noticesBelow(questionId)),
            ]
          })}
          {status === 'sending' && <Answer text="" />}
        </div>
      </div>
      <p className="sr-only" role="status" data-testid="announced">
        {last && <span key={last.id}>{last.text}</span>}
      </p>
    </>
  )
}

function Message({ message: { role, text, outcome, state } }: { readonly message: ThreadMessage }) {
  return (
    <article className="message" data-testid="message" data-role={role} data-state={state}>
      <h2 className="sr-only">{role === 'user' ? 'You' : 'Agent'}</h2>
      <p>{text}</p>
      {outcome !== undefined && outcome !== 'done' && <p className="interrupted">The answer stopped here.</p>}
      {state === 'not-sent' && <p className="interrupted">Not sent yet.</p>}
    </article>
  )
}

/** The answer while it is written. */
function Answer({ text }: { readonly text: string }) {
  return (
    <article className="message" data-testid="answer" data-role="assistant" data-streaming="">
      <h2 className="sr-only">Agent</h2>
      {text ? (
        <p className="writing">{text}</p>
      ) : (
        <p className="thinking">
          <span className="sr-only">The agent is thinking</span>
          <i />
          <i />
          <i />
        </p>
      )}
    </article>
  )
}

function ContextLost() {
  return (
    <p className="notice" data-testid="notice" data-topic="context-lost" role="status">
      <span>{contextLost}</span>
    </p>
  )
}

function NoticeLine({
  notice: { id, topic, text, canRetry, canStartFresh },
  canSend,
  onRetry,
}: {
  readonly notice: Notice
  readonly canSend: boolean
  readonly onRetry: MessagesResult['retry']
}) {
  return (
    // Said by the status below the messages, which does not wait for the end of an answer.
    <p className="notice" data-testid="notice" data-topic={topic} aria-live="off">
      <span>{text}</span>
      {canRetry && (
        <button type="button" data-testid="retry" disabled={!canSend} onClick={() => onRetry(id)}>
          Send again
        </button>
      )}
      {canStartFresh && (
        <button type="button" disabled={!canSend} onClick={() => onRetry(id, { fresh: true })}>
          Start afresh
        </button>
      )}
    </p>
  )
}

function Skeleton() {
  return (
    <div className="skeleton" data-testid="skeleton">
      <span className="sr-only">Loading the conversation</span>
      <i />
      <i />
      <i />
    </div>
  )
}

function LoadFailed({ onLoadAgain }: { readonly onLoadAgain: () => void }) {
  return (
    <p className="notice" data-testid="notice" data-topic="failed">
      <span>The server could not be reached, so the messages are not here yet.</span>
      <button type="button" onClick={onLoadAgain}>
        Try again
      </button>
    </p>
  )
}

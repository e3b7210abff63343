import type { MessagesResult, ThreadMessage } from 'leftoff/react'
import type { Notice } from './chat-notices.js'
import { Icon } from './icon.js'
import { Message } from './message.js'
import { useStickToEnd } from './use-stick-to-end.js'
import { Welcome } from './welcome.js'

/** The conversation, read out as it grows: an answer once it is whole, a notice at once. */
export function Messages({
  chat: { messages, status, send, retry },
  notices,
  canSend,
  onEdit,
  onAnswerAgain,
}: {
  readonly chat: MessagesResult
  readonly notices: readonly Notice[]
  readonly canSend: boolean
  readonly onEdit: (text: string) => void
  readonly onAnswerAgain: (messageId: string) => void
}) {
  const { scroller, isAtEnd, goToEnd } = useStickToEnd(messages, notices)
  const isAnswering = status === 'sending' || status === 'answering' || status === 'stopping'
  const isThere = status !== 'loading' && status !== 'load-failed'
  const last = notices.at(-1)
  const noticesBelow = (messageId: string) =>
    notices
      .filter((notice) => notice.messageId === messageId)
      .map((notice) => <NoticeLine key={notice.id} notice={notice} canSend={canSend} onRetry={retry} />)
  return (
    <div className="messages-area">
      <div
        ref={scroller}
        id="messages"
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
          {withAnswersToCome(messages).map((message, index, all) => {
            const { id, role, text } = message
            const isQuestion = role === 'user'
            const questionId = isQuestion ? id : all[index - 1]?.id
            const isLast = index === all.length - 1
            const isAnswered = all[index + 1]?.id === `${id}.answer`
            const canAsk = canSend && !isAnswering
            return [
              <Message
                key={id}
                message={message}
                onEdit={isQuestion && canAsk ? () => onEdit(text) : undefined}
                onAnswerAgain={
                  !isQuestion && isLast && canAsk && questionId !== undefined
                    ? () => onAnswerAgain(questionId)
                    : undefined
                }
              />,
              // What is about a question stands below its answer.
              ...(questionId === undefined || (isQuestion && isAnswered) ? [] : noticesBelow(questionId)),
            ]
          })}
        </div>
      </div>
      {!isAtEnd && (
        <button type="button" className="icon-button to-end" aria-label="Go to the newest message" onClick={goToEnd}>
          <Icon name="down" />
        </button>
      )}
      <p className="sr-only" role="status" data-testid="announced">
        {last && <span key={last.id}>{last.text}</span>}
      </p>
    </div>
  )
}

/** The messages, with a place for the answer to what is being sent. */
function withAnswersToCome(messages: readonly ThreadMessage[]): readonly ThreadMessage[] {
  return messages.flatMap((message, index) => {
    const id = `${message.id}.answer`
    const isToCome = message.state === 'sending' && messages[index + 1]?.id !== id
    return isToCome ? [message, { id, role: 'assistant', text: '', state: 'answering' }] : [message]
  })
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
        <button type="button" className="button" data-testid="retry" disabled={!canSend} onClick={() => onRetry(id)}>
          Retry
        </button>
      )}
      {canStartFresh && (
        <button type="button" className="button" disabled={!canSend} onClick={() => onRetry(id, { fresh: true })}>
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
      <button type="button" className="button" onClick={onLoadAgain}>
        Try again
      </button>
    </p>
  )
}

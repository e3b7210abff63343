import type { ThreadMessage } from 'leftoff/react'
import { contextLost } from './chat-notices.js'
import { CopyButton } from './copy-button.js'
import { Icon } from './icon.js'
import { Markdown } from './markdown.js'

/** A message and what can be done with it; an answer also while it is written. */
export function Message({
  message: { role, text, at, outcome, state, contextLost: hasLostContext },
  onEdit,
  onAnswerAgain,
}: {
  readonly message: ThreadMessage
  /** Missing where it cannot be edited now. */
  readonly onEdit?: (() => void) | undefined
  /** Missing but for the last answer. */
  readonly onAnswerAgain?: (() => void) | undefined
}) {
  const isAnswering = state === 'answering'
  return (
    <>
      {hasLostContext && (
        <p className="notice" data-testid="notice" data-topic="context-lost" role="status">
          <span>{contextLost}</span>
        </p>
      )}
      <article
        className="message"
        data-testid={isAnswering ? 'answer' : 'message'}
        data-role={role}
        data-state={state}
        data-streaming={isAnswering ? '' : undefined}
      >
        <h2 className="sr-only">{role === 'user' ? 'You' : 'Agent'}</h2>
        <div className={isAnswering && text ? 'text writing' : 'text'}>
          {role === 'user' ? (
            <p>{text}</p>
          ) : isAnswering && !text ? (
            <Thinking />
          ) : (
            <Markdown text={text} isGrowing={isAnswering} />
          )}
        </div>
        <footer className="meta">
          {!isAnswering && (
            <>
              <CopyButton text={text} label={role === 'user' ? 'Copy message' : 'Copy answer'} />
              {onEdit && (
                <button type="button" className="icon-button" aria-label="Edit" title="Edit" onClick={onEdit}>
                  <Icon name="edit" />
                </button>
              )}
              {onAnswerAgain && (
                <button
                  type="button"
                  className="icon-button"
                  aria-label="Answer again"
                  title="Answer again"
                  onClick={onAnswerAgain}
                >
                  <Icon name="again" />
                </button>
              )}
              {at !== undefined && <time dateTime={new Date(at).toISOString()}>{time.format(at)}</time>}
              {role === 'assistant' && outcome !== undefined && outcome !== 'done' && (
                <span className="ended" data-outcome={outcome}>
                  {outcome === 'stopped' ? 'You stopped this answer' : 'This answer is not whole'}
                </span>
              )}
              {state === 'not-sent' && <span className="ended">Not sent yet</span>}
              {state === 'sending' && <span className="ended">Sending…</span>}
            </>
          )}
        </footer>
      </article>
    </>
  )
}

/** Before the first word. */
function Thinking() {
  return (
    <p className="thinking">
      <span className="sr-only">The agent is thinking</span>
      <i />
      <i />
      <i />
    </p>
  )
}

const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })

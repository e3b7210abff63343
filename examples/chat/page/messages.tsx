import type { ChatMessage } from '../shared/chat-api.js'
import type { Notice, SentMessage } from './chat-notices.js'
import type { Chat } from './chat-state.js'
import { useStickToEnd } from './use-stick-to-end.js'
import { Welcome } from './welcome.js'

/** The conversation, read out as it grows: an answer once it is whole, a notice at once. */
export function Messages({
  chat,
  canSend,
  hasLoadFailed,
  onLoadAgain,
  onRetry,
  onSuggestion,
}: {
  readonly chat: Chat | undefined
  readonly canSend: boolean
  readonly hasLoadFailed: boolean
  readonly onLoadAgain: () => void
  readonly onRetry: (sent: SentMessage) => void
  readonly onSuggestion: (text: string) => void
}) {
  const scroller = useStickToEnd(chat)
  const isAnswering = chat?.answer !== undefined
  const last = chat?.entries.findLastIndex(({ kind }) => kind === 'notice')
  const lastNotice = last === undefined ? undefined : chat?.entries[last]
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
          {chat === undefined && (hasLoadFailed ? <LoadFailed onLoadAgain={onLoadAgain} /> : <Skeleton />)}
          {chat?.entries.length === 0 && !isAnswering && <Welcome canSend={canSend} onSuggestion={onSuggestion} />}
          {chat?.entries.map((entry, index) =>
            entry.kind === 'message' ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries are added at the end only
              <Message key={index} message={entry.message} />
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries are added at the end only
              <NoticeLine key={index} notice={entry} canSend={canSend} onRetry={onRetry} />
            ),
          )}
          {chat?.answer !== undefined && <Answer text={chat.answer} />}
        </div>
      </div>
      <p className="sr-only" role="status" data-testid="announced">
        {lastNotice?.kind === 'notice' && <span key={last}>{lastNotice.text}</span>}
      </p>
    </>
  )
}

function Message({ message: { role, text, interrupted } }: { readonly message: ChatMessage }) {
  return (
    <article className="message" data-testid="message" data-role={role}>
      <h2 className="sr-only">{role === 'user' ? 'You' : 'Agent'}</h2>
      <p>{text}</p>
      {interrupted && <p className="interrupted">The answer stopped here.</p>}
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

function NoticeLine({
  notice: { topic, text, retry },
  canSend,
  onRetry,
}: {
  readonly notice: Notice
  readonly canSend: boolean
  readonly onRetry: (sent: SentMessage) => void
}) {
  return (
    // Said by the status below the messages, which does not wait for the end of an answer.
    <p className="notice" data-testid="notice" data-topic={topic} aria-live="off">
      <span>{text}</span>
      {retry !== undefined && (
        <button type="button" data-testid="retry" disabled={!canSend} onClick={() => onRetry(retry)}>
          Send again
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

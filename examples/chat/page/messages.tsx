import { useEffect, useLayoutEffect, useRef } from 'react'
import type { ChatMessage } from '../shared/chat-api.js'
import type { Chat, Notice } from './chat-state.js'

/** The conversation, read out as it grows; a running answer only once it is whole. */
export function Messages({
  chat,
  hasLoadFailed,
  onLoadAgain,
  onRetry,
  onSuggestion,
}: {
  readonly chat: Chat | undefined
  readonly hasLoadFailed: boolean
  readonly onLoadAgain: () => void
  readonly onRetry: (text: string) => void
  readonly onSuggestion: (text: string) => void
}) {
  const scroller = useStickToEnd(chat)
  const isAnswering = chat?.answer !== undefined
  return (
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
      <div className="messages-column">
        {chat === undefined && (hasLoadFailed ? <LoadFailed onLoadAgain={onLoadAgain} /> : <Skeleton />)}
        {chat?.entries.length === 0 && !isAnswering && <Welcome onSuggestion={onSuggestion} />}
        {chat?.entries.map((entry, index) =>
          entry.kind === 'message' ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: entries are added at the end only
            <Message key={index} message={entry.message} />
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: entries are added at the end only
            <NoticeLine key={index} notice={entry} onRetry={onRetry} />
          ),
        )}
        {chat?.answer !== undefined && <Answer text={chat.answer} />}
      </div>
    </div>
  )
}

function Message({ message: { role, text, interrupted } }: { readonly message: ChatMessage }) {
  return (
    <article className="message" data-testid="message" data-role={role}>
      <h3 className="sr-only">{role === 'user' ? 'You' : 'Agent'}</h3>
      <p>{text}</p>
      {interrupted && <p className="interrupted">The answer stopped here.</p>}
    </article>
  )
}

/** The answer while it is written. */
function Answer({ text }: { readonly text: string }) {
  return (
    <article className="message" data-testid="answer" data-role="assistant" data-streaming="">
      <h3 className="sr-only">Agent</h3>
      {text ? (
        <p>{text}</p>
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
  onRetry,
}: {
  readonly notice: Notice
  readonly onRetry: (text: string) => void
}) {
  return (
    <p className="notice" data-testid="notice" data-topic={topic}>
      <span>{text}</span>
      {retry !== undefined && (
        <button type="button" data-testid="retry" onClick={() => onRetry(retry)}>
          Send again
        </button>
      )}
    </p>
  )
}

function Welcome({ onSuggestion }: { readonly onSuggestion: (text: string) => void }) {
  return (
    <div className="welcome">
      <h2>Say something worth coming back to.</h2>
      <p>
        Then reload, close the browser, or restart the server. The conversation goes on, and the agent still knows what
        you said.
      </p>
      <ul>
        {['My name is Ada', 'Remember that the demo is on Friday', 'What is my name?'].map((text) => (
          <li key={text}>
            <button type="button" onClick={() => onSuggestion(text)}>
              {text}
            </button>
          </li>
        ))}
      </ul>
    </div>
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
      <span>The messages could not be loaded.</span>{' '}
      <button type="button" onClick={onLoadAgain}>
        Try again
      </button>
    </p>
  )
}

/** Keeps the end in view while the conversation grows or the window changes, unless the person scrolled up to read. */
function useStickToEnd(chat: Chat | undefined) {
  const scroller = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const lastCount = useRef(0)

  useLayoutEffect(() => {
    const count = chat?.entries.length ?? 0
    if (count !== lastCount.current || isAtEnd.current) scrollToEnd(scroller.current)
    lastCount.current = count
  }, [chat])

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80
    }
    const resized = new ResizeObserver(() => isAtEnd.current && scrollToEnd(element))
    element.addEventListener('scroll', onScroll, { passive: true })
    resized.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      resized.disconnect()
    }
  }, [])

  return scroller
}

function scrollToEnd(element: HTMLElement | null): void {
  if (element) element.scrollTop = element.scrollHeight
}

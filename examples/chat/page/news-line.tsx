import { useSessionActions, useSessionStatus } from 'leftoff/react'
import type { Happening } from './happenings.js'

/** One line below the composer: what is wrong while it lasts, else what just happened. It is always there, so nothing moves. */
export function NewsLine({ isReached, news }: { readonly isReached: boolean; readonly news: Happening | undefined }) {
  const { status, saving } = useSessionStatus()
  const { flush } = useSessionActions()
  const isUnsaved = status !== 'signed-out' && (saving.error !== undefined || status === 'degraded')
  return (
    <div className="news">
      <p role="status">
        {!isReached ? (
          <span data-testid="notice" data-topic="offline">
            The server cannot be reached. What you send waits here until it is back.
          </span>
        ) : isUnsaved ? (
          <span data-testid="notice" data-topic="unsaved">
            {saving.error?.code === 'quota-exceeded'
              ? 'This browser’s storage is full: the history is not saved, your messages are.'
              : status === 'degraded'
                ? 'This page cannot store anything. A reload starts a new conversation.'
                : 'The history is not saved yet. Retrying automatically.'}
          </span>
        ) : (
          news && (
            <span key={news.id} data-testid="notice" data-topic={news.topic}>
              {news.text}
            </span>
          )
        )}
      </p>
      {isUnsaved && (
        <button type="button" className="link" onClick={() => flush().catch(() => undefined /* the line shows it */)}>
          Try now
        </button>
      )}
    </div>
  )
}

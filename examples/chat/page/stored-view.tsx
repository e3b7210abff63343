import { relativeTime, useNow } from './relative-time.js'
import { type StoredValue, useBrowserStorage } from './use-browser-storage.js'
import type { OpenConversation } from './use-chat.js'
import { useServerStorage } from './use-server-storage.js'

/** What is stored, live: in this browser, and on the server about this conversation. */
export function StoredView({
  open,
  isAnswering,
  onForget,
}: {
  readonly open: OpenConversation | undefined
  readonly isAnswering: boolean
  readonly onForget: () => Promise<void>
}) {
  const inBrowser = useBrowserStorage()
  const { stored, refresh } = useServerStorage(open, isAnswering)
  const now = useNow(5000)
  const session = stored?.agentSession

  return (
    <aside className="stored" id="stored" data-testid="stored" aria-labelledby="stored-title">
      <h2 id="stored-title">What is stored</h2>

      <section aria-labelledby="stored-server">
        <h3 id="stored-server">On the server</h3>
        {stored && (
          <dl data-testid="stored-server">
            <dt>Tab key</dt>
            <dd>
              <code data-testid="tab-key">{stored.tabKey}</code>
            </dd>
            <dt>Agent session</dt>
            <dd>
              {session ? (
                <>
                  <code data-testid="agent-session">{session.fingerprint}</code>{' '}
                  <span className="quiet">fingerprint of its id</span>
                </>
              ) : (
                <span className="quiet">none until the first answer</span>
              )}
            </dd>
            {session && (
              <>
                <dt>Last activity</dt>
                <dd>{relativeTime(session.lastActivity, now)}</dd>
                <dt>{session.isExpired ? 'Expired' : 'Expires'}</dt>
                <dd>{relativeTime(session.expiresAt, now)}</dd>
                <dt>Transcript</dt>
                <dd data-testid="transcript">{stored.transcriptExists ? 'the agent has it' : 'gone'}</dd>
              </>
            )}
          </dl>
        )}
        <button
          type="button"
          data-testid="forget"
          disabled={!stored?.transcriptExists || isAnswering}
          onClick={() => void onForget().then(refresh)}
        >
          Forget the agent’s transcript
        </button>
        <p className="quiet">As when the agent’s disk is wiped: your messages stay, the agent has to start anew.</p>
      </section>

      <section aria-labelledby="stored-browser">
        <h3 id="stored-browser">In this browser</h3>
        {inBrowser.map((value) => (
          <StoredItem key={`${value.area} ${value.key}`} value={value} />
        ))}
      </section>
    </aside>
  )
}

function StoredItem({ value: { area, key, text } }: { readonly value: StoredValue }) {
  return (
    <details className="stored-item">
      <summary>
        <span className="stored-area">{area}</span> <code>{key}</code>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and not every browser lets the arrow keys in */}
      <pre tabIndex={0}>{text}</pre>
    </details>
  )
}

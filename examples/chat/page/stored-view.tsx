import type { SessionAdapter } from 'leftoff'
import { useState } from 'react'
import type { ConversationRequest } from '../shared/chat-api.js'
import { type Place, pickPlace, places } from './storage.js'
import { KeyParts, StoredItem } from './stored-item.js'
import { useBrowserStorage } from './use-browser-storage.js'
import { useServerStorage } from './use-server-storage.js'
import { useStoredSessions } from './use-stored-sessions.js'

/** Where this page keeps its sessions. */
export interface SessionsIn {
  readonly place: Place
  readonly adapter: SessionAdapter
  readonly offersSupabase: boolean
}

/** What is stored, live: the sessions where they are kept, this browser's storage, and what the server has. */
export function StoredView({
  sessionsIn,
  open,
  isAnswering,
  onForget,
}: {
  readonly sessionsIn: SessionsIn
  readonly open: ConversationRequest | undefined
  readonly isAnswering: boolean
  /** Deletes the agent's transcript; whether there was one. */
  readonly onForget: () => Promise<boolean>
}) {
  const [said, setSaid] = useState<{ readonly conversationId: string | undefined; readonly text: string }>()
  const inBrowser = useBrowserStorage()
  const { stored, refresh } = useServerStorage(open, isAnswering)
  const session = stored?.agentSession

  async function forget(): Promise<void> {
    const text = await onForget().then(
      (forgotten) => (forgotten ? texts.forgotten : texts.nothingToForget),
      () => texts.notForgotten,
    )
    setSaid({ conversationId: open?.conversationId, text })
    refresh()
  }

  return (
    <aside className="stored" data-testid="stored" aria-labelledby="stored-title">
      <h2 id="stored-title">What is stored</h2>

      <StoredSessions {...sessionsIn} />

      <section aria-labelledby="stored-server">
        <h3 id="stored-server">On the server</h3>
        {stored && (
          <dl data-testid="stored-server">
            <dt>Tab key</dt>
            <dd>
              <KeyParts className="tab-key" text={stored.tabKey} separator="::" />
            </dd>
            <dt>Agent session</dt>
            <dd>
              {session ? (
                <>
                  <code data-testid="agent-session">{session.fingerprint}</code>{' '}
                  <span className="quiet">fingerprint of its id</span>
                </>
              ) : (
                <span className="quiet">none: not before the first answer, nor a day after the last</span>
              )}
            </dd>
            {session && (
              <>
                <dt>Transcript</dt>
                <dd data-testid="transcript">
                  {session.transcript
                    ? `${session.transcript.messageCount} messages, ${session.transcript.outputTokens} tokens written`
                    : 'gone'}
                </dd>
              </>
            )}
          </dl>
        )}
        <button
          type="button"
          className="button"
          data-testid="forget"
          disabled={!session?.transcript || isAnswering}
          onClick={() => void forget()}
        >
          Forget the agent’s transcript
        </button>
        <p className="quiet" role="status">
          {said && said.conversationId === open?.conversationId && !session?.transcript ? (
            <span data-topic="forgotten">{said.text}</span>
          ) : (
            'As when the agent’s disk is wiped: your messages stay, the agent has to start anew.'
          )}
        </p>
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

const texts = {
  forgotten: 'The transcript is deleted. Send a message to see how the conversation recovers.',
  nothingToForget: 'The agent has no transcript of this conversation.',
  notForgotten: 'The server could not be reached. The transcript is still there.',
}

function StoredSessions({ place, adapter, offersSupabase }: SessionsIn) {
  const sessions = useStoredSessions(adapter)
  return (
    <section aria-labelledby="stored-sessions">
      <h3 id="stored-sessions">Sessions</h3>
      <label className="place">
        Kept in{' '}
        <select
          data-testid="place"
          value={place}
          onChange={(event) => {
            const picked = places.find((name) => name === event.target.value)
            if (picked) pickPlace(picked)
          }}
        >
          {places
            .filter((name) => name !== 'Supabase' || offersSupabase)
            .map((name) => (
              <option key={name}>{name}</option>
            ))}
        </select>
      </label>
      {place !== 'localStorage' &&
        sessions.map((session) => (
          <StoredItem
            key={session.conversationId}
            value={{ area: place, key: session.conversationId, text: JSON.stringify(session, undefined, 2) }}
          />
        ))}
    </section>
  )
}

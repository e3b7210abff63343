import { useSessionStatus } from 'leftoff/react'
import type { Happening } from './happenings.js'
import { Icon } from './icon.js'
import type { Place } from './storage.js'

/** Whether what leftoff keeps is saved, and behind a button what it did so far. */
export function SaveStatus({
  isReached,
  happenings,
  place,
}: {
  readonly isReached: boolean
  readonly happenings: readonly Happening[]
  readonly place: Place
}) {
  const { status, saving } = useSessionStatus()
  const state =
    status === 'degraded' || status === 'signed-out'
      ? 'unsafe'
      : saving.error
        ? 'failed'
        : !isReached
          ? 'offline'
          : saving.pending
            ? 'saving'
            : 'saved'
  return (
    <div className="save-status" data-state={state}>
      <p data-testid="save-status" data-status={status} role="status">
        {texts[state]}
      </p>
      <button
        type="button"
        className="icon-button"
        aria-label="What just happened"
        title="What just happened"
        popoverTarget="happenings"
      >
        <Icon name="activity" />
      </button>
      <section id="happenings" className="popover" popover="auto" aria-label="What just happened">
        <h2>What just happened</h2>
        <ol>
          {happenings.map(({ id, at, text }) => (
            <li key={id}>
              <time dateTime={new Date(at).toISOString()}>{time.format(at)}</time> {text}
            </li>
          ))}
          <li>
            <time>{saving.lastSavedAt === undefined ? 'now' : time.format(saving.lastSavedAt)}</time>{' '}
            {saving.lastSavedAt === undefined ? 'Nothing new to save.' : `Saved last, in ${places[place]}.`}
          </li>
        </ol>
      </section>
    </div>
  )
}

const texts = {
  unsafe: 'Not saved',
  failed: 'Not saved yet',
  offline: 'Offline',
  saving: 'Saving…',
  saved: 'Saved',
}

const places = { localStorage: 'this browser', Dexie: 'this browser’s database', Supabase: 'the account' }

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

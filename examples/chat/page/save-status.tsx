import { useSessionActions, useSessionStatus } from 'leftoff/react'

/** Whether what leftoff stores is saved. leftoff retries a failed save automatically; the button retries now. */
export function SaveStatus() {
  const { status, saving } = useSessionStatus()
  const { flush } = useSessionActions()
  const state =
    status === 'degraded' || status === 'signed-out'
      ? 'unsafe'
      : saving.error
        ? 'failed'
        : saving.pending
          ? 'saving'
          : 'saved'
  return (
    <div className="save-status" data-state={state}>
      <p data-testid="save-status" data-status={status} role="status">
        {texts[state]}
      </p>
      {(state === 'failed' || status === 'degraded') && (
        <button type="button" className="link" onClick={() => flush().catch(() => undefined /* the status shows it */)}>
          Try now
        </button>
      )}
    </div>
  )
}

const texts = {
  unsafe: 'Not saved',
  failed: 'Saving again soon',
  saving: 'Saving…',
  saved: 'Saved',
}

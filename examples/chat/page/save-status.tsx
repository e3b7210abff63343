import { useSessionStatus } from 'leftoff/react'

/** Whether what leftoff keeps is safe. */
export function SaveStatus() {
  const { status, saving } = useSessionStatus()
  return (
    <p className="save-status" data-testid="save-status" data-status={status}>
      {status === 'degraded'
        ? 'Not saved: storage is blocked'
        : saving.error
          ? 'Saving again soon'
          : saving.pending > 0
            ? 'Saving…'
            : 'Saved'}
    </p>
  )
}

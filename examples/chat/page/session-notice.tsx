import type { SessionEvent } from 'leftoff'
import { useSessionEvent } from 'leftoff/react'
import { useState } from 'react'

/** Tells what leftoff tells: whatever changes which conversation this is, or whether it is kept. */
export function SessionNotice() {
  const [text, setText] = useState<string>()
  useSessionEvent((event) => {
    const said = textOf(event)
    if (said !== undefined) setText(said)
  })
  return (
    <div className="session-notice" role="status">
      {text && (
        <p className="notice" data-testid="notice" data-topic="session">
          {text}{' '}
          <button type="button" onClick={() => setText(undefined)}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  )
}

function textOf(event: SessionEvent): string | undefined {
  switch (event.type) {
    case 'moved':
      return 'That conversation is not available here, so this is a new one.'
    case 'conversation-lost':
      return 'This conversation was removed. You are in a new one.'
    case 'degraded':
      return 'This browser does not let the page store anything. You can chat, but a reload starts anew.'
    case 'restored':
      return 'Storage works again. Everything said meanwhile is saved.'
    case 'row-set-aside':
      return 'One stored conversation could not be read and was set aside. The others are fine.'
    case 'newer-version':
      return 'A newer version of this app wrote some of the history. Reload to see it.'
    case 'save-failed': // shown by SaveStatus until it worked
      return undefined
  }
}

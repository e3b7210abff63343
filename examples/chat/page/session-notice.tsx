import type { SessionEvent } from 'leftoff'
import { useSessionActions, useSessionEvent, useSessionStatus } from 'leftoff/react'
import { useState } from 'react'

/** What leftoff reports: whatever changes which conversation this is, or whether it is stored. */
export function SessionNotice({ workspace }: { readonly workspace: string }) {
  const { status } = useSessionStatus()
  const { takeOver, newConversation } = useSessionActions()
  const [text, setText] = useState<string>()
  useSessionEvent((event) => {
    const said = textOf(event)
    if (said !== undefined) setText(said)
  })

  return (
    <div className="session-notice" role="status">
      {status === 'watching' ? (
        <p className="notice" data-testid="notice" data-topic="watching">
          <span>This conversation is open in another tab. You can read along here.</span>
          <button type="button" onClick={() => void takeOver(workspace)}>
            Use here
          </button>
          <button type="button" onClick={() => newConversation(workspace)}>
            New chat
          </button>
        </p>
      ) : status === 'signed-out' ? (
        <p className="notice" data-testid="notice" data-topic="session">
          <span>You signed out on this device. Nothing of this page is stored any more.</span>
          <button type="button" onClick={() => location.reload()}>
            Reload
          </button>
        </p>
      ) : status === 'degraded' ? (
        <p className="notice" data-testid="notice" data-topic="session">
          <span>
            This page cannot store anything right now. You can chat, but a reload starts a new conversation until it
            can.
          </span>
        </p>
      ) : (
        text && (
          <p className="notice" data-testid="notice" data-topic="session">
            <span>{text}</span>
            <button type="button" onClick={() => setText(undefined)}>
              Dismiss
            </button>
          </p>
        )
      )}
    </div>
  )
}

function textOf(event: SessionEvent): string | undefined {
  switch (event.type) {
    case 'conversation-redirected':
      return redirectTexts[event.reason]
    case 'conversation-lost':
      return 'This conversation was removed. You are in a new one.'
    case 'conversations-expired':
      return 'This browser has reached its limit, so the oldest conversations were removed from it.'
    case 'claims-unavailable':
      return 'This browser does not let its tabs see each other. Use this chat in one tab only.'
    case 'restored':
      return 'Storage works again, and everything you said is saved.'
    case 'row-quarantined':
      return 'One stored conversation could not be read and was set aside. The others are fine.'
    case 'newer-version':
      return 'A newer version of this app wrote some of the history. Reload to see it.'
    default: // the rest shows while it lasts: `taken-over`, `signed-out` and `degraded` above, a failed save beside the title
      return undefined
  }
}

const redirectTexts = {
  'open-elsewhere': 'That conversation is open in another tab, so this tab has a new one.',
  'other-workspace': 'That conversation belongs to another workspace, so this is a new one.',
  removed: 'That conversation was removed, so this is a new one.',
  'not-found': 'That conversation does not exist here, so this is a new one.',
  'newer-version': 'A newer version of this app wrote that conversation. Reload to see it; this is a new one.',
}

import type { SessionEvent } from 'leftoff'
import { useSessionActions, useSessionEvent, useSessionStatus } from 'leftoff/react'
import { useState } from 'react'

/** Tells what leftoff tells: whatever changes which conversation this is, or whether it is kept. */
export function SessionNotice({
  workspace,
  conversationId,
}: {
  readonly workspace: string
  readonly conversationId: string | undefined
}) {
  const { status } = useSessionStatus()
  const { initConversation, newConversation } = useSessionActions()
  const [text, setText] = useState<string>()
  useSessionEvent((event) => {
    const said = textOf(event)
    if (said !== undefined) setText(said)
  })

  return (
    <div className="session-notice" role="status">
      {status === 'lost' && conversationId !== undefined ? (
        <p className="notice" data-testid="notice" data-topic="session">
          <span>Another tab has this conversation open now. What you write here would not be saved.</span>
          <button type="button" onClick={() => initConversation(workspace, { conversationId })}>
            Take it back
          </button>
          <button type="button" onClick={() => newConversation(workspace)}>
            New chat
          </button>
        </p>
      ) : status === 'degraded' ? (
        <p className="notice" data-testid="notice" data-topic="session">
          <span>This page cannot store anything right now. You can chat, but a reload starts anew until it can.</span>
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
    case 'moved':
      return movedTexts[event.reason]
    case 'conversation-lost':
      return event.reason === 'removed' ? 'This conversation was removed. You are in a new one.' : undefined
    case 'restored':
      return 'Storage works again. Everything said meanwhile is saved.'
    case 'row-set-aside':
      return 'One stored conversation could not be read and was set aside. The others are fine.'
    case 'newer-version':
      return 'A newer version of this app wrote some of the history. Reload to see it.'
    default: // the rest shows as long as it lasts: `degraded` above, a failed save beside the title
      return undefined
  }
}

const movedTexts = {
  'open-elsewhere': 'That conversation is open in another tab, so this tab has a new one.',
  'other-workspace': 'That conversation belongs to another workspace, so this is a new one.',
  removed: 'That conversation was removed, so this is a new one.',
  'newer-version': 'A newer version of this app wrote that conversation. Reload to see it; this is a new one.',
}

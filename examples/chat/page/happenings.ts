import type { SessionEvent } from 'leftoff'

/** Something that leftoff did or found, as the person would want to know it. */
export interface Happening {
  readonly id: number
  /** In ms since the epoch. */
  readonly at: number
  readonly topic: 'resumed' | 'again' | 'session'
  readonly text: string
}

/** What the page says when a conversation is shown: what came back. */
export function welcomeBack(cameBack: {
  readonly isResumed: boolean
  readonly isAnswering: boolean
  readonly hasDraft: boolean
}): string | undefined {
  if (!cameBack.isResumed) return cameBack.hasDraft ? 'Your draft is still here.' : undefined
  if (cameBack.isAnswering) return 'Picked up where you left off. The answer continued while you were away.'
  return cameBack.hasDraft ? 'Picked up where you left off, draft included.' : 'Picked up where you left off.'
}

/** What leftoff reports, in the words of this page. The rest shows while it lasts. */
export function textOfEvent(event: SessionEvent): string | undefined {
  switch (event.type) {
    case 'conversation-redirected':
      return redirectTexts[event.reason]
    case 'conversation-lost':
      return 'This conversation was removed. You are in a new one.'
    case 'conversations-expired':
      return 'This browser reached its limit, so its oldest conversations were removed.'
    case 'claims-unavailable':
      return 'This browser does not let its tabs see each other. Use this chat in one tab only.'
    case 'taken-over':
      return 'Another tab uses this conversation now.'
    case 'restored':
      return 'Storage works again, and everything you said is saved.'
    case 'row-quarantined':
      return 'One stored conversation could not be read. The others are fine.'
    case 'newer-version':
      return 'A newer version of this app wrote some of the history. Reload to see it.'
    default:
      return undefined
  }
}

const redirectTexts = {
  'open-elsewhere': 'That conversation is open in another tab, so this tab has a new one.',
  'other-workspace': 'That conversation belongs to another workspace. You are in a new one.',
  removed: 'That conversation was removed. You are in a new one.',
  'not-found': 'That conversation does not exist here. You are in a new one.',
  'newer-version': 'A newer version of this app wrote that conversation. Reload to see it.',
}

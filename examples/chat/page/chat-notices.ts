import { isLeftoffError } from 'leftoff'

/** Something the person should know, at the place of the conversation where it happened. */
export interface Notice {
  readonly kind: 'notice'
  readonly topic: 'resumed' | 'context-lost' | 'forgotten' | 'stopped' | 'busy' | 'unanswered' | 'failed'
  readonly text: string
  /** The message to send again. */
  readonly retry?: SentMessage
}

/** A user's message, as it is sent. */
export interface SentMessage {
  readonly id: string
  readonly text: string
}

export const resumed = notice('resumed', 'Picked up where you left off')

export const contextLost = notice(
  'context-lost',
  'The agent lost the earlier context and started afresh. Your messages are still here, but it no longer knows them.',
)

export const stoppedByPerson = notice('stopped', 'You stopped the answer.')

export const transcriptForgotten = notice(
  'forgotten',
  'The agent’s transcript is deleted. Send a message to see how the conversation recovers.',
)

export const nothingToForget = notice('forgotten', 'The agent has no transcript of this conversation.')

export const notForgotten = notice('failed', 'The server could not be reached. The transcript is still there.')

/** The page was left before the agent answered. */
export function unanswered(retry: SentMessage): Notice {
  return { ...notice('unanswered', 'This message has no answer yet.'), retry }
}

/** What to say about a turn that failed. leftoff's own errors say what happened and what to do. */
export function noticeOf(error: unknown): Notice {
  if (isLeftoffError(error, 'turn-busy')) {
    return notice('busy', 'The agent is still answering in this conversation, maybe in another window.')
  }
  if (isLeftoffError(error)) return notice('failed', error.message)
  return notice('failed', 'The server could not be reached. Your message is still here.')
}

function notice(topic: Notice['topic'], text: string): Notice {
  return { kind: 'notice', topic, text }
}

import type { ThreadNotice } from 'leftoff/react'

/** Something about one message, below it. */
export interface Notice extends ThreadNotice {
  readonly topic: 'busy' | 'unanswered' | 'failed'
}

export const contextLost =
  'The agent lost the earlier context and started afresh. Your messages are still here, but it no longer knows them.'

/** leftoff's notices in the words of this page. That context was lost stands at the answer, also after a reload. */
export function noticesOf(notices: readonly ThreadNotice[]): readonly Notice[] {
  return notices
    .filter(({ code }) => code !== 'context-lost')
    .map((notice) => ({ ...notice, topic: topicOf(notice.code), text: texts[notice.code] ?? notice.text }))
}

function topicOf(code: string): Notice['topic'] {
  return code === 'turn-busy' ? 'busy' : code === 'turn-interrupted' ? 'unanswered' : 'failed'
}

const texts: Readonly<Record<string, string>> = {
  'turn-busy': 'The agent is still answering in this conversation, maybe in another window.',
  'turn-interrupted': 'This message has no whole answer.',
  'turn-failed': 'The server could not answer this message.',
}

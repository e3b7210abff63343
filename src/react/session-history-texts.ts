import type { TokenUsage } from '../core/session.js'

/** Every text of `SessionHistory`. */
export interface SessionHistoryTexts {
  /** What a screen reader calls the whole. */
  readonly label: string
  readonly empty: string
  /** The title of a conversation that has neither a title nor a message. */
  readonly untitled: string
  /** When a conversation was last active; both in ms since the epoch. */
  readonly time: (time: number, now: number) => string
  readonly messages: (count: number) => string
  readonly tokens: (usage: TokenUsage) => string
  readonly openElsewhere: string
  readonly rename: string
  /** The label of the field for the title. */
  readonly title: string
  readonly save: string
  readonly cancel: string
  readonly remove: string
  readonly confirmRemoval: (title: string) => string
  readonly keep: string
  /** What is announced after each action. */
  readonly switched: (title: string) => string
  readonly renamed: (title: string) => string
  readonly removed: (title: string) => string
  readonly refused: (title: string, reason: 'open-elsewhere' | 'not-found') => string
  /** Storage failed; it is tried again by itself. */
  readonly removalFailed: (title: string) => string
}

export const englishTexts: SessionHistoryTexts = {
  label: 'Conversations',
  empty: 'No conversations yet.',
  untitled: 'New chat',
  time: timeAgo,
  messages: (count) => (count === 1 ? '1 message' : `${count} messages`),
  tokens: ({ input, output, cacheRead = 0, cacheWrite = 0 }) =>
    `${new Intl.NumberFormat('en', { notation: 'compact' }).format(input + output + cacheRead + cacheWrite)} tokens`,
  openElsewhere: 'Open in another tab',
  rename: 'Rename',
  title: 'Title',
  save: 'Save',
  cancel: 'Cancel',
  remove: 'Remove',
  confirmRemoval: (title) => `Remove “${title}” for good?`,
  keep: 'Keep',
  switched: (title) => `“${title}” is open.`,
  renamed: (title) => `Renamed to “${title}”.`,
  removed: (title) => `“${title}” was removed.`,
  refused: (title, reason) =>
    reason === 'open-elsewhere'
      ? `“${title}” is open in another tab. Go on there, or close that tab first.`
      : `“${title}” is no longer there.`,
  removalFailed: (title) => `“${title}” could not be removed from storage yet. It is tried again.`,
}

function timeAgo(time: number, now: number): string {
  const minutes = Math.max(0, Math.round((now - time) / 60_000))
  if (minutes < 1) return 'just now'
  const ago = new Intl.RelativeTimeFormat('en')
  if (minutes < 60) return ago.format(-minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 24 ? ago.format(-hours, 'hour') : ago.format(-Math.round(hours / 24), 'day')
}

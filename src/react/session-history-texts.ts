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
  /** The day a conversation was last active; both in ms since the epoch. Those of one text are one group. */
  readonly day: (time: number, now: number) => string
  readonly messages: (count: number) => string
  readonly tokens: (usage: TokenUsage) => string
  readonly openElsewhere: string
  readonly rename: string
  /** The label of the field for the title. */
  readonly title: string
  readonly save: string
  readonly cancel: string
  readonly remove: string
  readonly undo: string
  /** The button that shows older conversations, and what is said if they could not be loaded. */
  readonly more: string
  readonly moreFailed: string
  /** What is announced after each action. */
  readonly switched: (title: string) => string
  readonly renamed: (title: string) => string
  readonly removed: (title: string) => string
  readonly refused: (title: string, reason: 'open-elsewhere' | 'not-found') => string
  readonly restored: (title: string) => string
}

export const englishTexts: SessionHistoryTexts = {
  label: 'Conversations',
  empty: 'No conversations yet.',
  untitled: 'New chat',
  time: timeAgo,
  day,
  messages: (count) => (count === 1 ? '1 message' : `${count} messages`),
  tokens: ({ input, output, cacheRead = 0, cacheWrite = 0 }) =>
    `${new Intl.NumberFormat('en', { notation: 'compact' }).format(input + output + cacheRead + cacheWrite)} tokens`,
  openElsewhere: 'Open in another tab',
  rename: 'Rename',
  title: 'Title',
  save: 'Save',
  cancel: 'Cancel',
  remove: 'Remove',
  undo: 'Undo',
  more: 'Show more',
  moreFailed: 'Older conversations could not be loaded. Try again.',
  switched: (title) => `“${title}” is open.`,
  renamed: (title) => `Renamed to “${title}”.`,
  removed: (title) => `“${title}” was removed.`,
  refused: (title, reason) =>
    reason === 'open-elsewhere'
      ? `“${title}” is open in another tab. Continue there, or close that tab first.`
      : `“${title}” no longer exists.`,
  restored: (title) => `“${title}” is back.`,
}

function timeAgo(time: number, now: number): string {
  const minutes = Math.max(0, Math.round((now - time) / 60_000))
  if (minutes < 1) return 'just now'
  const ago = new Intl.RelativeTimeFormat('en')
  if (minutes < 60) return ago.format(-minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 24 ? ago.format(-hours, 'hour') : ago.format(-daysBetween(time, now), 'day')
}

/** Today, yesterday, the other days of a week by name, then by month. */
function day(time: number, now: number): string {
  const daysAgo = daysBetween(time, now)
  if (daysAgo < 1) return 'Today'
  if (daysAgo < 2) return 'Yesterday'
  const format: Intl.DateTimeFormatOptions = daysAgo < 7 ? { weekday: 'long' } : { month: 'long', year: 'numeric' }
  return new Intl.DateTimeFormat('en', format).format(time)
}

/** By the calendar, so that what stands under “Yesterday” is a day old and not two. */
function daysBetween(time: number, now: number): number {
  return Math.round((midnight(now) - midnight(time)) / 86_400_000)
}

function midnight(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0)
}

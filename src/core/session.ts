/** Token totals of a conversation, or the tokens of one answer. Whole numbers. */
export interface TokenUsage {
  readonly input: number
  readonly output: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
}

/** What an app sees of one conversation. Messages are the app's own. Times are in ms since the epoch. */
export interface ConversationSession {
  readonly conversationId: string
  readonly workspace: string
  /** `''` for an app without users. */
  readonly userId: string
  readonly startedAt: number
  readonly lastActivity: number
  readonly messageCount: number
  /** At most 120 code points, white space folded. */
  readonly lastMessagePreview?: string
  readonly tokenUsage?: TokenUsage
  readonly title?: string
}

/** A session with its place in lists: greater ranks come first. */
export interface RankedSession extends ConversationSession {
  /** When its latest activity was recorded, as adjusted so that later recordings always have greater ranks. */
  readonly rank: number
}

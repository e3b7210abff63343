/** Running token totals of a conversation, or the tokens of one answer. */
export interface TokenUsage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

/**
 * The stored row about one conversation: which conversation, and its metadata. Messages are the app's.
 *
 * Every time is in milliseconds since the epoch.
 */
export interface ConversationSession {
  readonly conversationId: string
  readonly workspace: string
  /** `''` for an app without users. */
  readonly userId: string
  /** Only when older data had one that is not the `conversationId`. */
  readonly tabId?: string
  readonly startedAt: number
  readonly lastActivity: number
  readonly messageCount: number
  /** At most 120 code points, white space folded. */
  readonly lastMessagePreview?: string
  readonly tokenUsage?: TokenUsage
  readonly title?: string
  /** 1, 2, 3 … one more for each accepted save. */
  readonly revision: number
}

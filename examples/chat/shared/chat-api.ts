// What the page and the server say to each other.

/** The workspaces of this example; the first one is what `/chat` opens. */
export const workspaces = ['demo.alive.best', 'docs.alive.best'] as const

/** Names a conversation to the server. The user is not in it: the server takes that from the cookie. */
export interface ConversationRequest {
  readonly workspace: string
  readonly conversationId: string
}

/** One message of a conversation, as the server keeps it. */
export interface ChatMessage {
  /** Of an answer: that of its question and `.answer`. */
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** In ms since the epoch. */
  readonly at: number
  /** Of an answer: whether it is whole; else this is as far as it came. */
  readonly outcome?: 'done' | 'stopped' | 'failed' | 'interrupted'
  /** The agent gave this answer without knowing what was said before it. */
  readonly contextLost?: true
}

/** What the server stores about a tab key. The agent session's id stays on the server; a fingerprint shows when it changes. */
export interface StoredOnServer {
  readonly tabKey: string
  /** Missing until the first answer, and once it expired. */
  readonly agentSession?: {
    readonly fingerprint: string
    /** What the agent still has of what was said. Missing once its transcript is. */
    readonly transcript?: { readonly messageCount: number; readonly outputTokens: number }
  }
}

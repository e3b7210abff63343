// What your app has already, as the routes beside this file use it.

import type { ClaudeMessage } from 'leftoff/agents/claude'
import type {
  AgentSessionStore,
  ClaimedConversation,
  SessionAdapter,
  TurnHandlerSettings,
  TurnIds,
  TurnLog,
  TurnRun,
} from 'leftoff/server'

/** One for all turns: `memoryAgentSessions()`, or `postgresAgentSessions({ query })` where several servers answer. */
export declare const sessions: AgentSessionStore

/** One for all turns: `memoryTurnLog()`, or `postgresTurnLog({ query })` where several servers answer. */
export declare const log: TurnLog

/** The history of all users: `postgresAdapter({ query })`. */
export declare const history: SessionAdapter

/** Who asks, by your authentication; nothing that a request's body says. */
export declare function userOf(request: Request): Promise<string | undefined>

/** Who the browser was before anybody signed in: the random id in a signed, `HttpOnly`, `SameSite` cookie. */
export declare function guestOf(request: Request): Promise<string | undefined>

/** `update messages set user_id = $to where user_id = $from and conversation_id = $conversationId` */
export declare function moveMessages(conversation: ClaimedConversation): Promise<void>

/** Whether the user may use the workspace. */
export declare function isMember(userId: string, workspace: string): Promise<boolean>

/** Stores a message of a conversation, or replaces it: by user, conversation and id. */
export declare function upsertMessage(message: ChatMessage): Promise<void>

export interface ChatMessage {
  readonly userId: string
  readonly conversationId: string
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** Other than `done`: this is as far as it came. */
  readonly outcome?: 'done' | 'stopped' | 'failed' | 'interrupted'
}

/** Whether this user's conversation has messages before this one; a retry has the same `messageId`. */
export declare function hasEarlier(turn: TurnIds): Promise<boolean>

/** Starts the agent: claude-turns.ts has one in full. */
export declare function runAgent(turn: TurnRun<string>): AsyncIterable<ClaudeMessage>

export declare function onError(error: unknown): void

/** Who asks, and the messages: what turns.ts writes out, for claude-turns.ts. */
export declare const app: Pick<TurnHandlerSettings<never, string>, 'authorize' | 'onQuestion' | 'onAnswer' | 'onError'>

/** What of the server's environment the agent gets: its key and its PATH, not all. */
export declare const agentEnv: Record<string, string | undefined>

/** The folder that keeps the agent's transcripts, a folder for each workspace. */
export declare const root: string

// What your app has already, as the recipes beside this file use it.

import type { ClaudeMessage } from 'leftoff/agents/claude'
import type { AgentRequest, AgentSessionStore } from 'leftoff/server'

/** One for all turns: `memoryAgentSessions()`, or `postgresAgentSessions({ query })` where several servers answer. */
export declare const sessionStore: AgentSessionStore

/** Who asks, by your authentication; nothing that a request's body says. */
export declare function userOf(request: Request): Promise<string | undefined>

/** Whether the user may use the workspace. */
export declare function isMember(userId: string, workspace: string): Promise<boolean>

/** The body of a turn, checked by your schema. */
export declare function parseTurn(body: unknown): TurnBody | undefined

export interface TurnBody {
  readonly workspace: string
  readonly conversationId: string
  /** Minted by the browser for each send: what the network sends twice runs once. */
  readonly turnId: string
  readonly message: string
}

/** Whether the conversation has earlier messages of this user. */
export declare function hasMessages(userId: string, conversationId: string): Promise<boolean>

/** Starts the agent, such as the Claude Agent SDK's `query`. */
export declare function runAgent(turn: TurnBody, request: AgentRequest): AsyncIterable<ClaudeMessage>

/** What the browser gets of an agent's message, without the session id that it carries. */
export declare function toClient(message: ClaudeMessage): { text: string } | undefined

export declare function onError(error: unknown): void

// Names that the examples in the docs take from the reader's app. An example that declares one itself has its own.

// The reader's session store, user and conversation.
declare const store: import('leftoff').SessionStore
declare const userId: string
declare const workspace: string
declare const conversationId: string
declare const tabId: string

// A request handler on the server.
declare const request: Request
declare const message: string
declare const messageId: string
declare const turnId: string
declare const databaseUrl: string
declare const query: import('leftoff/server').PostgresQuery
declare function userOf(request: Request): Promise<string | undefined>
declare const redisUrl: string
declare const messages: readonly { readonly role: 'user' | 'assistant'; readonly text: string }[]
declare const sessionStore: import('leftoff/server').AgentSessionStore
declare function streamAnswer(message: string, signal: AbortSignal): AsyncIterable<string>
declare function upsertMessage(message: {
  userId: string
  conversationId: string
  id: string
  role?: 'user' | 'assistant'
  text: string
}): Promise<void>
declare function hasEarlier(conversation: { userId: string; conversationId: string }): Promise<boolean>
declare function mayUse(userId: string, workspace: string): Promise<boolean>
declare const sessions: import('leftoff/server').AgentSessionStore
declare const log: import('leftoff/server').TurnLog
declare const key: import('leftoff/server').TabKey
declare const agentSessionId: string
declare const hasHistory: boolean
declare const options: import('leftoff/server').TurnOptions<ClaudeMessage>
declare const run: import('leftoff/server').TurnOptions<ClaudeMessage>['run']
declare function toClient(message: ClaudeMessage): { text: string } | undefined
// A stateless model, as the AI SDK has it.
declare const model: string
declare function streamText(request: { model: string; messages: readonly object[] }): {
  textStream: AsyncIterable<string>
}
declare function textOf(message: ClaudeMessage): string

// Supabase: the reader's project, and a client with its service key.
declare const supabaseUrl: string
declare const publishableKey: string
declare const serviceKey: string
declare const serviceClient: import('@supabase/supabase-js').SupabaseClient

// An adapter of the reader's.
declare const change: import('leftoff').SessionChange
declare const rows: Map<string, import('leftoff').StoredRow>
declare const refusals: import('leftoff').Refusal[]

// The page.
declare function getToken(): Promise<string>
declare const composer: HTMLTextAreaElement
declare const turn: { workspace: string; conversationId: string; message: string }
declare function ChatPage(): import('react').ReactNode
declare function append(text: string): void
declare function showAnswer(conversationId: string, text: string): void
declare function dropUnfinished(): void
declare function showContextLost(): void
declare function showOffline(): void
declare function showStorageFull(): void

type ClaudeMessage = import('leftoff/agents/claude').ClaudeMessage

// The Claude Agent SDK is the reader's; this is as much of it as the examples use.
declare module '@anthropic-ai/claude-agent-sdk' {
  interface Options {
    resume?: string
    resumeSessionAt?: string
    tools?: string[]
    abortController?: AbortController
    env?: Record<string, string | undefined>
    stderr?: (text: string) => void
    includePartialMessages?: boolean
  }
  type StreamEvent =
    | { type: 'content_block_delta'; delta: { type: 'text_delta'; text: string } | { type: 'input_json_delta' } }
    | { type: 'message_start' | 'message_stop' }
  export type SDKMessage =
    | { type: 'stream_event'; session_id: string; event: StreamEvent }
    | { type: 'assistant' | 'user' | 'system' | 'result'; session_id: string }
  interface SDKUserMessage {
    type: 'user'
    uuid?: `${string}-${string}-${string}-${string}-${string}`
    session_id?: string
    parent_tool_use_id: string | null
    message: { role: 'user'; content: string }
  }
  type Prompt = string | AsyncIterable<SDKUserMessage>
  export function query(input: { prompt: Prompt; options?: Options }): AsyncGenerator<SDKMessage, void>
}

declare module 'next' {
  export interface Metadata {
    readonly title?: string
  }
}

declare module 'next/server' {
  /** Waits for a request. */
  export function connection(): Promise<void>
}

declare module 'next/navigation' {
  export function usePathname(): string
}

/** As Vite's own types have it. */
declare module '*.css'

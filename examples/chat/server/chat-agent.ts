import type { ClaudeMessage } from 'leftoff/agents/claude'

/** What the app needs of an agent: the messages of the Claude Agent SDK. The scripted one is built in, the real one an option. */
export interface ChatAgent {
  run(request: ChatAgentRequest): AsyncIterable<ClaudeMessage>
}

/** One user message for the agent. */
export interface ChatAgentRequest {
  readonly workspace: string
  readonly message: string
  /** The agent session to resume. */
  readonly resume?: string
  readonly signal: AbortSignal
  readonly onStderr: (text: string) => void
}

/** The messages of the Claude Agent SDK, as far as the scripted agent speaks them. */
export type ScriptedMessage =
  | { readonly type: 'system'; readonly subtype: 'init'; readonly session_id: string; readonly cwd: string }
  | { readonly type: 'stream_event'; readonly session_id: string; readonly event: StreamEvent }
  | { readonly type: 'assistant'; readonly session_id: string; readonly message: AssistantMessage }
  | ScriptedResult

/** How a run ends: with the answer, or with what went wrong. */
type ScriptedResult = ResultFigures &
  (
    | { readonly subtype: 'success'; readonly is_error: false; readonly result: string }
    | { readonly subtype: 'error_during_execution'; readonly is_error: true; readonly errors: readonly string[] }
  )

export interface ClaudeUsage {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_read_input_tokens: number
  readonly cache_creation_input_tokens: number
}

interface ResultFigures {
  readonly type: 'result'
  readonly session_id: string
  readonly num_turns: number
  readonly duration_ms: number
  readonly duration_api_ms: number
  readonly total_cost_usd: number
  readonly usage: ClaudeUsage
}

interface AssistantMessage {
  readonly id: string
  readonly role: 'assistant'
  readonly model: string
  readonly content: readonly { readonly type: 'text'; readonly text: string }[]
  readonly stop_reason: string
  readonly usage: ClaudeUsage
}

type StreamEvent =
  | { readonly type: 'message_start' | 'message_stop' }
  | {
      readonly type: 'content_block_delta'
      readonly index: number
      readonly delta: { type: 'text_delta'; text: string }
    }

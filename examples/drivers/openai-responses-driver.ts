// The Responses API of OpenAI, package openai: a session is the id of the last response.

import type { AgentDriver, TurnOptions } from 'leftoff/server'

/** What the driver needs of the package's `ResponseStreamEvent`, which fits. */
export interface ResponsesEvent {
  readonly type: string
  readonly response?: { readonly id: string; readonly usage?: ResponsesUsage | null }
  readonly text?: unknown
}

interface ResponsesUsage {
  /** With the cached ones. */
  readonly input_tokens: number
  readonly output_tokens: number
  readonly input_tokens_details?: { readonly cached_tokens: number }
}

/** How `runTurn` understands the Responses API. */
export const openaiResponsesDriver: AgentDriver<ResponsesEvent> = {
  sessionIdOf: (event) => event.response?.id,
  kindOf: ({ type }) => kinds[type] ?? (type.endsWith('.delta') ? 'output' : 'other'),
  // The client throws its APIError before any event. The code is only about the id that was sent.
  classify: (error) => {
    if (!(error instanceof Error && 'status' in error && 'code' in error)) return 'other'
    if (error.status === 400 && error.code === 'previous_response_not_found') return 'stale'
    return error.status === 429 || Number(error.status) >= 500 ? 'transient' : 'other'
  },
  isSessionId: (id) => id.startsWith('resp_'),
  hasNewIdEachTurn: true,
  usageOf: ({ response }) => (response?.usage ? usageOf(response.usage) : undefined),
  textOf: ({ type, text }) => (type === 'response.output_text.done' && typeof text === 'string' ? text : undefined),
}

const kinds: Readonly<Record<string, 'success' | 'failure'>> = {
  'response.completed': 'success',
  'response.failed': 'failure',
  'response.incomplete': 'failure',
  error: 'failure',
}

function usageOf({ input_tokens, output_tokens, input_tokens_details }: ResponsesUsage) {
  const cacheRead = input_tokens_details?.cached_tokens ?? 0
  return { input: input_tokens - cacheRead, output: output_tokens, cacheRead, cacheWrite: 0 }
}

/** What is used of the package's client. */
export interface OpenAIClient {
  readonly responses: {
    create(body: ResponsesRequest, options: { signal: AbortSignal }): Promise<AsyncIterable<ResponsesEvent>>
  }
}

interface ResponsesRequest {
  model: string
  input: string
  stream: true
  instructions?: string
  previous_response_id?: string
}

/** The `run` of `runTurn` for one message. Responses are kept for 30 days, and not at all with `store: false`. */
export function runResponses(client: OpenAIClient, model: string, input: string): TurnOptions<ResponsesEvent>['run'] {
  return async function* ({ resume, signal, context }) {
    const body: ResponsesRequest = { model, input, stream: true }
    if (resume !== undefined) body.previous_response_id = resume
    if (context !== undefined) body.instructions = context
    yield* await client.responses.create(body, { signal })
  }
}

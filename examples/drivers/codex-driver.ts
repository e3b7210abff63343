// The Codex SDK, @openai/codex-sdk: a session is a thread.

import type { AgentDriver, TurnOptions } from 'leftoff/server'

/** What the driver needs of the SDK's `ThreadEvent`, which fits. */
export type CodexEvent =
  | { readonly type: 'thread.started'; readonly thread_id: string }
  | { readonly type: 'item.completed'; readonly item: { readonly type: string; readonly text?: string } }
  | { readonly type: 'turn.completed'; readonly usage: CodexUsage }
  | { readonly type: 'turn.started' | 'turn.failed' | 'item.started' | 'item.updated' | 'error' }

interface CodexUsage {
  /** With the cached ones. */
  readonly input_tokens: number
  readonly cached_input_tokens: number
  readonly cache_write_input_tokens?: number
  readonly output_tokens: number
}

/** How `runTurn` understands Codex. */
export const codexDriver: AgentDriver<CodexEvent> = {
  sessionIdOf: (event) => (event.type === 'thread.started' ? event.thread_id : undefined),
  kindOf: ({ type }) => kinds[type] ?? (type.startsWith('item.') ? 'output' : 'other'),
  // It rejects before any event, with the words of its process and our id among them.
  classify: (error, { resume }) =>
    error instanceof Error && error.message.includes(`no rollout found for thread id ${resume} (`) ? 'stale' : 'other',
  // Anything else makes Codex start a new thread without a word.
  isSessionId: (id) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id),
  usageOf: (event) => (event.type === 'turn.completed' ? usageOf(event.usage) : undefined),
  textOf: (event) =>
    event.type === 'item.completed' && event.item.type === 'agent_message' ? event.item.text : undefined,
}

const kinds: Readonly<Record<string, 'success' | 'failure'>> = {
  'turn.completed': 'success',
  'turn.failed': 'failure',
  error: 'failure',
}

function usageOf({ input_tokens, cached_input_tokens, cache_write_input_tokens, output_tokens }: CodexUsage) {
  return {
    input: input_tokens - cached_input_tokens,
    output: output_tokens,
    cacheRead: cached_input_tokens,
    cacheWrite: cache_write_input_tokens ?? 0,
  }
}

/** What is used of the SDK's `Codex`. */
export interface Codex {
  startThread(): CodexThread
  resumeThread(id: string): CodexThread
}

interface CodexThread {
  runStreamed(input: string, options: { signal: AbortSignal }): Promise<{ events: AsyncIterable<CodexEvent> }>
}

/** The `run` of `runTurn` for one message. */
export function runCodex(codex: Codex, message: string): TurnOptions<CodexEvent>['run'] {
  return async function* ({ resume, signal, context }) {
    const thread = resume === undefined ? codex.startThread() : codex.resumeThread(resume)
    const input = context === undefined ? message : `${context}\n\n${message}`
    const { events } = await thread.runStreamed(input, { signal })
    yield* events
  }
}

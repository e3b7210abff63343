import type { AgentDriver, MessageKind } from '../../core/agent-driver.js'
import type { TokenUsage } from '../../core/session.js'
import { claudeEnv } from './claude-env.js'
import { classifyClaudeFailure } from './claude-failure.js'
import { type ClaudeMessage, count, entries, field } from './claude-message.js'
import { isClaudeSessionId } from './session-id.js'
import { summarizeTranscript } from './summarize-transcript.js'
import { type WatchedFolder, watchTranscript } from './watch-transcript.js'

/**
 * How `runTurn` understands the Claude Agent SDK, versions 0.1 to 0.3.
 *
 * @example
 * ```ts
 * import { claudeDriver } from 'leftoff/agents/claude'
 * import { runTurn } from 'leftoff/server'
 *
 * const turn = await runTurn({ sessions, key, agent: claudeDriver, run, hasHistory })
 * ```
 */
export const claudeDriver: AgentDriver<ClaudeMessage> = {
  sessionIdOf: (message) => message.session_id,
  kindOf,
  createKindOf,
  classify: classifyClaudeFailure,
  // The SDK also resumes by title, so what is no UUID could open someone else's session.
  isSessionId: isClaudeSessionId,
  usageOf,
  textOf,
  pieceOf,
}

/**
 * `claudeDriver` for agents that write their transcripts where `claudeEnv` of the same folder says. It looks there where the SDK keeps quiet:
 *
 * - After a turn, `onError` of `runTurn` is given `transcript-not-written` if the transcript did not take it, as on a full disk, or was cut or
 *   deleted during the turn.
 * - "No conversation found" costs no session id while its transcript is there: SDK 0.1 and 0.2 say it in any other working folder.
 *
 * @example
 * ```ts
 * import { query } from '@anthropic-ai/claude-agent-sdk'
 * import { claudeDriverFor, claudeEnv } from 'leftoff/agents/claude'
 * import { runTurn } from 'leftoff/server'
 *
 * const { PATH, ANTHROPIC_API_KEY } = process.env
 * const env = { PATH, ANTHROPIC_API_KEY, ...claudeEnv({ workspace }) }
 * const turn = await runTurn({
 *   sessions,
 *   key,
 *   agent: claudeDriverFor({ workspace }),
 *   run: ({ resume }) => query({ prompt: message, options: { tools: [], env, ...(resume && { resume }) } }),
 *   hasHistory,
 *   onError: (error) => console.error(error),
 * })
 * ```
 */
export function claudeDriverFor(folder: WatchedFolder): AgentDriver<ClaudeMessage> {
  claudeEnv(folder) // refuses what is no workspace before the first turn
  return {
    ...claudeDriver,
    createWatch: (resume) => watchTranscript(folder, resume),
    async classify(errorOrMessage, attempt) {
      const failure = await claudeDriver.classify(errorOrMessage, attempt)
      if (failure !== 'stale') return failure
      const { root, workspace } = folder
      const of = { workspace, sessionId: attempt.resume, ...(root === undefined ? {} : { root }) }
      const summary = await summarizeTranscript(of).catch(() => undefined)
      return summary && summary.messageCount > 0 ? 'other' : 'stale'
    },
  }
}

function kindOf(message: ClaudeMessage): MessageKind {
  if (message.type === 'assistant') return 'output'
  if (message.type === 'stream_event') return streamEventType(message) === 'content_block_delta' ? 'output' : 'other'
  if (message.type === 'result') return field(message, 'is_error') === false ? 'success' : 'failure'
  return isRetry(message) ? 'discard' : 'other'
}

/**
 * When the API's stream breaks, the SDK streams the message again from `message_start`. Newer versions announce it with
 * `system/api_retry`; older ones show it only by a start while deltas wait for their `assistant` message.
 */
function createKindOf(): (message: ClaudeMessage) => MessageKind {
  let isUnfinished = false
  return (message) => {
    const kind = kindOf(message)
    if (!isMain(message)) return kind
    if (isUnfinished && streamEventType(message) === 'message_start') {
      isUnfinished = false
      return 'discard'
    }
    if (kind !== 'other') isUnfinished = message.type === 'stream_event'
    return kind
  }
}

function isRetry(message: ClaudeMessage): boolean {
  return message.type === 'system' && field(message, 'subtype') === 'api_retry'
}

function streamEventType(message: ClaudeMessage): unknown {
  return message.type === 'stream_event' ? field(field(message, 'event'), 'type') : undefined
}

/** Whether the message is the agent's own, not of a subagent it called. */
function isMain(message: ClaudeMessage): boolean {
  return (field(message, 'parent_tool_use_id') ?? null) === null
}

function usageOf(message: ClaudeMessage): TokenUsage | undefined {
  if (message.type !== 'result') return undefined
  const usage = field(message, 'usage')
  return {
    input: count(usage, 'input_tokens'),
    output: count(usage, 'output_tokens'),
    cacheRead: count(usage, 'cache_read_input_tokens'),
    cacheWrite: count(usage, 'cache_creation_input_tokens'),
  }
}

/** With `includePartialMessages`: what is said next. Others bring thoughts or a tool's input. */
function pieceOf(message: ClaudeMessage): string | undefined {
  if (streamEventType(message) !== 'content_block_delta' || !isMain(message)) return undefined
  const delta = field(field(message, 'event'), 'delta')
  const text = field(delta, 'type') === 'text_delta' ? field(delta, 'text') : undefined
  return typeof text === 'string' ? text : undefined
}

function textOf(message: ClaudeMessage): string | undefined {
  if (message.type !== 'assistant' || !isMain(message)) return undefined
  const texts = entries(field(message, 'message'), 'content').map((block) => {
    const text = field(block, 'type') === 'text' ? field(block, 'text') : undefined
    return typeof text === 'string' ? text : ''
  })
  return texts.join('')
}

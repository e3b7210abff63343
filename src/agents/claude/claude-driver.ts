import type { AgentDriver, MessageKind } from '../../core/agent-driver.js'
import type { TokenUsage } from '../../core/session.js'
import { classifyClaudeFailure } from './claude-failure.js'
import { type ClaudeMessage, count, entries, field } from './claude-message.js'
import { isClaudeSessionId } from './session-id.js'

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

function textOf(message: ClaudeMessage): string | undefined {
  if (message.type !== 'assistant' || !isMain(message)) return undefined
  const texts = entries(field(message, 'message'), 'content').map((block) => {
    const text = field(block, 'type') === 'text' ? field(block, 'text') : undefined
    return typeof text === 'string' ? text : ''
  })
  return texts.join('')
}

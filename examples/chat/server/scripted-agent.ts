import type { ChatAgent, ChatAgentRequest, ClaudeUsage, ScriptedMessage } from './chat-agent.js'
import { scriptedAnswer } from './scripted-answer.js'
import type { TranscriptLine, Transcripts } from './transcripts.js'

/** What the scripted agent works with. */
export interface ScriptedAgentOptions {
  readonly transcripts: Transcripts
  readonly now: () => number
  readonly createId: () => string
  /** Waits as a model takes its time between two words. Rejects when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

/**
 * An agent without a model, so that the example runs anywhere. It speaks the messages of the Claude Agent SDK 0.3.330 and, like
 * it, knows of a conversation only what the transcript of its session says: take the transcript away and it has forgotten.
 */
export function scriptedAgent({ transcripts, now, createId, pause }: ScriptedAgentOptions): ChatAgent {
  return {
    async *run({ workspace, message, resume, signal }: ChatAgentRequest): AsyncGenerator<ScriptedMessage> {
      const earlier = resume === undefined ? [] : await transcripts.read(workspace, resume)
      if (resume !== undefined && earlier.length === 0) {
        const text = `No conversation found with session ID: ${resume}`
        yield { ...figures(resume, noUsage, 0), subtype: 'error_during_execution', is_error: true, errors: [text] }
        throw Object.assign(new Error(`Claude Code returned an error result: ${text}`), { errorClass: 'error_result' })
      }

      const sessionId = resume ?? createId()
      const cwd = transcripts.workingFolder(workspace)
      let parentUuid = earlier.at(-1)?.uuid ?? null
      const write = async (role: 'user' | 'assistant', content: TranscriptLine['message']) => {
        const uuid = createId()
        const timestamp = new Date(now()).toISOString()
        await transcripts.append(workspace, {
          parentUuid,
          isSidechain: false,
          type: role,
          message: content,
          uuid,
          timestamp,
          cwd,
          sessionId,
        })
        parentUuid = uuid
      }

      yield { type: 'system', subtype: 'init', session_id: sessionId, cwd }
      await write('user', { role: 'user', content: message })

      const answer = scriptedAnswer(message, earlier.filter((line) => line.type === 'user').map(textOf))
      const words = answer.match(/\S+\s*/g) ?? []
      yield { type: 'stream_event', session_id: sessionId, event: { type: 'message_start' } }
      await pause(thinkingMs, signal)
      for (const text of words) {
        throwIfAborted(signal)
        yield {
          type: 'stream_event',
          session_id: sessionId,
          event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
        }
        await pause(Math.min(wordMs, longestMs / words.length), signal)
      }
      throwIfAborted(signal)
      yield { type: 'stream_event', session_id: sessionId, event: { type: 'message_stop' } }

      const usage = countTokens(message, answer, earlier)
      const content = [{ type: 'text' as const, text: answer }]
      const spoken = { id: `msg_${createId()}`, role: 'assistant' as const, model: 'scripted', content, usage }
      await write('assistant', spoken)
      yield { type: 'assistant', session_id: sessionId, message: { ...spoken, stop_reason: 'end_turn' } }
      yield { ...figures(sessionId, usage, 1), subtype: 'success', is_error: false, result: answer }
    },
  }
}

const thinkingMs = 350
const wordMs = 45
/** A long answer is written faster. */
const longestMs = 20_000

function figures(sessionId: string, usage: ClaudeUsage, turns: number) {
  return {
    type: 'result' as const,
    session_id: sessionId,
    num_turns: turns,
    duration_ms: 0,
    duration_api_ms: 0,
    total_cost_usd: 0,
    usage,
  }
}

const noUsage: ClaudeUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
}

/** As a model would count: the message is new input, the transcript comes from the cache. About four characters a token. */
function countTokens(message: string, answer: string, earlier: readonly TranscriptLine[]): ClaudeUsage {
  const tokens = (text: string) => Math.ceil(text.length / 4)
  return {
    input_tokens: tokens(message),
    output_tokens: tokens(answer),
    cache_read_input_tokens: tokens(earlier.map(textOf).join('')),
    cache_creation_input_tokens: tokens(message),
  }
}

function textOf({ message: { content } }: TranscriptLine): string {
  return typeof content === 'string' ? content : content.map((block) => block.text).join('')
}

/** The words the SDK throws when it is aborted. */
function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Error('Operation aborted')
}

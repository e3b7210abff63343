import type { TokenUsage } from '../../core/session.js'
import { count, field } from './claude-message.js'
import { parseEntry, type TranscriptEntry } from './transcript-entry.js'

/**
 * Adds up the tokens of a transcript whose lines come from the last to the first.
 *
 * Newer versions write the running total (`cost-state`). Of older ones, the usage of all answers, also of those off the branch:
 * they were paid for. An answer of several entries has its usage in each; the last one is complete.
 */
export function createUsage() {
  let isTotal = false
  let usage: TokenUsage | undefined
  const seen = new Set<unknown>()
  return {
    /** `entry` is the line's, if it is parsed already. */
    look(line: Buffer, entry: TranscriptEntry | undefined): void {
      if (isTotal || !(line.includes(totalType) || line.includes(usageField))) return
      const looked = entry ?? parseEntry(line)
      if (field(looked, 'type') === 'cost-state') {
        isTotal = true
        usage = totalOf(field(looked, 'modelUsage'))
      } else if (field(looked, 'type') === 'assistant') {
        const message = field(looked, 'message')
        const used = field(message, 'usage')
        if (typeof used !== 'object' || used === null || isRepeated(field(message, 'id'))) return
        usage = sum(usage, {
          input: count(used, 'input_tokens'),
          output: count(used, 'output_tokens'),
          cacheRead: count(used, 'cache_read_input_tokens'),
          cacheWrite: count(used, 'cache_creation_input_tokens'),
        })
      }
    },
    result: () => usage,
  }

  /** The entries of an answer lie close together, so a bounded memory is enough. */
  function isRepeated(messageId: unknown): boolean {
    if (typeof messageId !== 'string') return false
    if (seen.has(messageId)) return true
    seen.add(messageId)
    if (seen.size > rememberedAnswers) seen.delete(seen.values().next().value)
    return false
  }
}

const totalType = Buffer.from('"cost-state"')
const usageField = Buffer.from('"usage"')
const rememberedAnswers = 1000

function totalOf(byModel: unknown): TokenUsage {
  const models = typeof byModel === 'object' && byModel !== null ? Object.values(byModel) : []
  const none: TokenUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  return models.reduce<TokenUsage>(
    (total, model) =>
      sum(total, {
        input: count(model, 'inputTokens'),
        output: count(model, 'outputTokens'),
        cacheRead: count(model, 'cacheReadInputTokens'),
        cacheWrite: count(model, 'cacheCreationInputTokens'),
      }),
    none,
  )
}

function sum(a: TokenUsage | undefined, b: TokenUsage): TokenUsage {
  if (!a) return b
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: (a.cacheRead ?? 0) + (b.cacheRead ?? 0),
    cacheWrite: (a.cacheWrite ?? 0) + (b.cacheWrite ?? 0),
  }
}

import type { TokenUsage } from '../../core/session.js'
import { count, field } from './claude-message.js'
import type { TranscriptRecord } from './transcript-entry.js'

/** Adds up tokens over the lines of a transcript. */
export interface Usage {
  /** Whether a line may tell of tokens. */
  wants(line: Buffer): boolean
  look(record: TranscriptRecord): void
  /** Whether a running total was found, which holds what subagents used too. */
  hasTotal(): boolean
  result(): TokenUsage | undefined
}

/**
 * Newer versions write a running total (`cost-state`), which only grows: the greatest one counts. Of older ones, the usage of all answers, also of
 * those off the branch: they were paid for. An answer of several records has its usage in each, and any of them may be written again; the
 * record with the most output is the complete one.
 */
export function createUsage(): Usage {
  let total: TokenUsage | undefined
  /** Of answers that have an id. */
  const byAnswer = new Map<string, TokenUsage>()
  /** Of those that have none. */
  let others: TokenUsage | undefined
  return {
    wants: (line) => line.includes(totalType) || line.includes(usageField),
    look(record) {
      const type = field(record, 'type')
      if (type === 'cost-state') {
        const next = totalOf(field(record, 'modelUsage'))
        if (!total || tokensIn(next) >= tokensIn(total)) total = next
      } else if (type === 'assistant') {
        add(field(record, 'message'))
      }
    },
    hasTotal: () => total !== undefined,
    result: () => total ?? sumOf(byAnswer.values(), others),
  }

  function add(message: unknown): void {
    const used = field(message, 'usage')
    if (typeof used !== 'object' || used === null) return
    const usage = {
      input: count(used, 'input_tokens'),
      output: count(used, 'output_tokens'),
      cacheRead: count(used, 'cache_read_input_tokens'),
      cacheWrite: count(used, 'cache_creation_input_tokens'),
    }
    const id = field(message, 'id')
    if (typeof id !== 'string') others = sum(others, usage)
    else if (usage.output >= (byAnswer.get(id)?.output ?? 0)) byAnswer.set(id, usage)
  }
}

const totalType = Buffer.from('"cost-state"')
const usageField = Buffer.from('"usage"')

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

function sumOf(usages: Iterable<TokenUsage>, start: TokenUsage | undefined): TokenUsage | undefined {
  let total = start
  for (const usage of usages) total = sum(total, usage)
  return total
}

function tokensIn({ input, output, cacheRead, cacheWrite }: TokenUsage): number {
  return input + output + (cacheRead ?? 0) + (cacheWrite ?? 0)
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

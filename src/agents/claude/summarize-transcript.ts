import type { TokenUsage } from '../../core/session.js'
import { preview } from '../../core/text.js'
import type { Entry } from './index-entry.js'
import type { ListedTranscript } from './list-transcripts.js'
import { saidAt } from './said-at.js'
import { timeOf } from './transcript-entry.js'
import { type OpenTranscript, type TranscriptOf, withTranscript } from './transcript-file.js'
import { historyOf } from './transcript-history.js'
import { indexTranscript } from './transcript-index.js'
import { createLineReader } from './transcript-lines.js'
import { usageOfSubagents } from './usage-of-subagents.js'
import { createUsage } from './usage-of-transcript.js'

/** What a history list shows of a transcript. Times are in ms since the epoch. */
export interface TranscriptSummary extends ListedTranscript {
  /** The first time in the transcript. */
  readonly startedAt?: number
  /** As many as `readTranscript` gives without `turns`. */
  readonly messageCount: number
  /** At most 120 code points, white space folded. */
  readonly lastMessagePreview?: string
  readonly tokenUsage?: TokenUsage
}

/**
 * Start, message count, last message and tokens of a transcript, which is read once; `undefined` if there is no such transcript. Lines that
 * cannot be read are skipped. Memory holds one line, and about 300 bytes for each entry of the transcript.
 *
 * @example
 * ```ts
 * import { summarizeTranscript } from 'leftoff/agents/claude'
 *
 * const summary = await summarizeTranscript({ workspace, sessionId: agentSessionId })
 * if (summary) Response.json({ messageCount: summary.messageCount, preview: summary.lastMessagePreview })
 * ```
 */
export async function summarizeTranscript(of: TranscriptOf): Promise<TranscriptSummary | undefined> {
  return withTranscript(of, async (transcript) => {
    const { sessionId, lastActivity, sizeBytes } = transcript
    return { sessionId, lastActivity, sizeBytes, ...(await summarize(transcript)) }
  })
}

async function summarize(transcript: OpenTranscript) {
  const { file, sizeBytes } = transcript
  const usage = createUsage()
  let startedAt: number | undefined
  const index = await indexTranscript(file, sizeBytes, {
    wants: (line) => usage.wants(line) || (startedAt === undefined && line.includes(timeField)),
    look(record) {
      usage.look(record)
      startedAt ??= timeOf(record)
    },
  })
  if (!usage.hasTotal()) await usageOfSubagents(transcript, usage)

  const messages = messagesOf(historyOf(index))
  const lastMessagePreview = preview(await textOf(messages.last, transcript))
  const tokenUsage = usage.result()
  return {
    messageCount: messages.count,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(lastMessagePreview === undefined ? {} : { lastMessagePreview }),
    ...(tokenUsage === undefined ? {} : { tokenUsage }),
  }
}

const timeField = Buffer.from('"timestamp"')

/** How many messages, and the entries of the last one. */
function messagesOf(history: readonly Entry[]) {
  let count = 0
  let last: Entry[] = []
  let messageId: string | undefined
  for (const entry of history) {
    const isMore = messageId !== undefined && entry.messageId === messageId
    messageId = entry.messageId
    if (isMore) {
      last.push(entry)
    } else {
      count++
      last = [entry]
    }
  }
  return { count, last }
}

async function textOf(entries: readonly Entry[], { file }: OpenTranscript): Promise<string> {
  const lineAt = createLineReader(file)
  let text = ''
  for (const { offset, length } of entries) text += saidAt(await lineAt(offset, length))?.text ?? ''
  return text
}

import { preview } from '../../core/preview.js'
import type { TokenUsage } from '../../core/session.js'
import { createChain } from './chain.js'
import { type Line, linesBackward } from './lines.js'
import { isSameMessage, parseEntry, type Said, saidIn, timeOf } from './transcript-entry.js'
import {
  findTranscript,
  type OpenTranscript,
  openTranscript,
  type TranscriptFile,
  type TranscriptOf,
  unreadable,
} from './transcript-file.js'
import { createUsage } from './usage-of-transcript.js'

/** What a history list shows of a transcript. Times are in ms since the epoch. */
export interface TranscriptSummary {
  /** Stays on the server: who has it can resume the conversation. */
  readonly sessionId: string
  /** The first time in the transcript. */
  readonly startedAt?: number
  /** When the transcript was last written. */
  readonly lastActivity: number
  /** As many as `readTranscript` gives. */
  readonly messageCount: number
  /** At most 120 code points, white space folded. */
  readonly lastMessagePreview?: string
  readonly tokenUsage?: TokenUsage
  readonly sizeBytes: number
}

/**
 * Start, message count, last message and tokens of a transcript, read once from its end in constant memory; `undefined` if there is no
 * such transcript. Lines that cannot be read are skipped.
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
  const found = await findTranscript(of)
  return found && summarizeFile(found)
}

/** The summary of a file, or `undefined` if it has gone meanwhile. */
export async function summarizeFile({ path, ...listed }: TranscriptFile): Promise<TranscriptSummary | undefined> {
  const opened = await openTranscript(path)
  if (!opened) return undefined
  try {
    return { ...listed, sizeBytes: opened.sizeBytes, ...(await summarize(opened)) }
  } catch (cause) {
    throw unreadable(path, cause)
  } finally {
    await opened.file.close()
  }
}

async function summarize({ file, sizeBytes }: OpenTranscript) {
  const onBranch = createChain()
  const usage = createUsage()
  let messageCount = 0
  let startedAt: number | undefined
  let above: Said | undefined
  let lastText = ''
  for await (const lines of linesBackward(file, sizeBytes)) {
    for (const { bytes } of lines) {
      const entry = onBranch(bytes)
      usage.look(bytes, entry)
      const said = entry && saidIn(entry)
      if (!said) continue
      if (!isSameMessage(above, said)) messageCount++
      if (messageCount === 1) lastText = said.text + lastText
      above = said
    }
    startedAt = firstTime(lines) ?? startedAt
  }
  const lastMessagePreview = preview(lastText)
  const tokenUsage = usage.result()
  return {
    messageCount,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(lastMessagePreview === undefined ? {} : { lastMessagePreview }),
    ...(tokenUsage === undefined ? {} : { tokenUsage }),
  }
}

/** The earliest line's time, of lines from the last to the first. */
function firstTime(lines: readonly Line[]): number | undefined {
  for (const { bytes } of lines.toReversed()) {
    const entry = bytes.includes(timeField) ? parseEntry(bytes) : undefined
    const time = entry && timeOf(entry)
    if (time !== undefined) return time
  }
  return undefined
}

const timeField = Buffer.from('"timestamp"')

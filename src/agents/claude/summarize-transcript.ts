import type { FileHandle } from 'node:fs/promises'
import { preview } from '../../core/preview.js'
import type { TokenUsage } from '../../core/session.js'
import type { ListedTranscript } from './list-transcripts.js'
import { createChain } from './transcript-chain.js'
import { isSameMessage, parseEntry, type Said, saidIn, timeOf } from './transcript-entry.js'
import { findTranscript, openTranscript, type TranscriptOf, unreadable } from './transcript-file.js'
import { type Line, linesBackward } from './transcript-lines.js'
import { createUsage } from './usage-of-transcript.js'

/** What a history list shows of a transcript. Times are in ms since the epoch. */
export interface TranscriptSummary extends ListedTranscript {
  /** The first time in the transcript. */
  readonly startedAt?: number
  /** As many as `readTranscript` gives. */
  readonly messageCount: number
  /** At most 120 code points, white space folded. */
  readonly lastMessagePreview?: string
  readonly tokenUsage?: TokenUsage
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
  const file = found && (await openTranscript(found.path))
  if (!file) return undefined
  const { path, ...listed } = found
  try {
    return { ...listed, ...(await summarize(file, found.sizeBytes)) }
  } catch (cause) {
    throw unreadable(path, cause)
  } finally {
    await file.close()
  }
}

async function summarize(file: FileHandle, sizeBytes: number) {
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

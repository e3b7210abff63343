import type { ClaudeFolder } from './claude-env.js'
import { summarizeFile, type TranscriptSummary } from './summarize-transcript.js'
import { type TranscriptFile, transcriptFiles } from './transcript-file.js'

/** Which transcripts. */
export interface TranscriptsOf extends ClaudeFolder {
  /** How many of the newest, 10 when omitted. */
  readonly limit?: number
}

/**
 * The newest transcripts of a workspace, summarized, the last written first. Of the others only the folder's entries are read.
 *
 * All users of a workspace are in there: show a user those whose session ids your tab keys hold.
 *
 * @example
 * ```ts
 * import { listTranscripts } from 'leftoff/agents/claude'
 *
 * for (const { startedAt, messageCount, tokenUsage } of await listTranscripts({ workspace, limit: 20 })) {
 *   append(`${messageCount} messages since ${startedAt}, ${tokenUsage?.output} tokens written`)
 * }
 * ```
 */
export async function listTranscripts({ limit = 10, ...folder }: TranscriptsOf): Promise<readonly TranscriptSummary[]> {
  const newest = (await transcriptFiles(folder)).slice(0, Math.max(0, limit))
  const summaries: (TranscriptSummary | undefined)[] = []
  const files = newest.entries()
  // A few at a time: a server has only so many files that it may open.
  await Promise.all(Array.from({ length: readers }, () => summarizeEach(files, summaries)))
  return summaries.filter((summary) => summary !== undefined)
}

const readers = 8

/** Several of these share one iterator, so each file is taken once. */
async function summarizeEach(
  files: IterableIterator<[number, TranscriptFile]>,
  summaries: (TranscriptSummary | undefined)[],
): Promise<void> {
  for (const [index, file] of files) summaries[index] = await summarizeFile(file)
}

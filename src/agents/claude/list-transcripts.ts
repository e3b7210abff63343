import type { ClaudeFolder } from './claude-env.js'
import { transcriptFiles } from './transcript-file.js'

/** Which transcripts. */
export interface TranscriptsOf extends ClaudeFolder {
  /** How many of the newest, 10 when omitted. */
  readonly limit?: number
}

/** What the folder knows of a transcript, without reading it. */
export interface ListedTranscript {
  /** Stays on the server: who has it can resume the conversation. */
  readonly sessionId: string
  /** When it was last written, in ms since the epoch. */
  readonly lastActivity: number
  readonly sizeBytes: number
}

/**
 * The newest transcripts of a workspace, the last written first. It reads none of them: `summarizeTranscript` gives more about those you show.
 *
 * All users of a workspace are in there: show a user those whose session ids your tab keys hold.
 *
 * @example
 * ```ts
 * import { listTranscripts, summarizeTranscript } from 'leftoff/agents/claude'
 *
 * for (const { sessionId } of await listTranscripts({ workspace, limit: 20 })) {
 *   const summary = await summarizeTranscript({ workspace, sessionId })
 *   if (summary) append(`${summary.messageCount} messages: ${summary.lastMessagePreview}`)
 * }
 * ```
 */
export async function listTranscripts({ limit = 10, ...folder }: TranscriptsOf): Promise<readonly ListedTranscript[]> {
  const newest = (await transcriptFiles(folder)).slice(0, Math.max(0, limit))
  return newest.map(({ sessionId, lastActivity, sizeBytes }) => ({ sessionId, lastActivity, sizeBytes }))
}

/**
 * Driver, environment and transcripts of the Claude Agent SDK.
 *
 * @module leftoff/agents/claude
 */

export { claudeDriver, claudeDriverFor } from './claude-driver.js'
export { type ClaudeFolder, claudeEnv } from './claude-env.js'
export type { ClaudeMessage } from './claude-message.js'
export { type ListedTranscript, listTranscripts, type TranscriptsOf } from './list-transcripts.js'
export {
  type ReadTranscriptOptions,
  readTranscript,
  type TranscriptMessage,
  transcriptExists,
} from './read-transcript.js'
export { summarizeTranscript, type TranscriptSummary } from './summarize-transcript.js'
export type { TranscriptOf } from './transcript-file.js'
export type { TranscriptTurnMessage } from './transcript-turns.js'
export type { WatchedFolder } from './watch-transcript.js'

import { unreadable } from './open-folder.js'
import { saidAt } from './said-at.js'
import { isSameMessage, type Said } from './transcript-entry.js'
import { closeTranscript, hasTranscript, openTranscript, pathOf, type TranscriptOf } from './transcript-file.js'
import { historyOf } from './transcript-history.js'
import { indexTranscript } from './transcript-index.js'
import { createLineReader } from './transcript-lines.js'
import { type TranscriptTurnMessage, turnMessages } from './transcript-turns.js'

/** One message of a transcript, as a person would see it. */
export interface TranscriptMessage {
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** In ms since the epoch. */
  readonly at?: number
}

/** How a transcript is read. */
export interface ReadTranscriptOptions {
  /** Gives one answer for each message of the user's, and the ids that a chat knows them by. */
  readonly turns?: boolean
}

/**
 * Whether the agent still has a transcript of this session. A hint: it may be deleted before the next turn begins, so let `runTurn` recover.
 *
 * @example
 * ```ts
 * import { transcriptExists } from 'leftoff/agents/claude'
 *
 * const isKnown = await transcriptExists({ workspace, sessionId: agentSessionId })
 * ```
 */
export async function transcriptExists(of: TranscriptOf): Promise<boolean> {
  return hasTranscript(of)
}

/**
 * The messages of a transcript, oldest first, streamed: what the user and the model said, without tool calls and without what the SDK's process
 * notes for itself; of two turns that ran at once, only the branch that Claude would resume. What was said before a compaction is included.
 * `undefined` if there is no such transcript. Memory holds one line, one message, and about 300 bytes for each entry of the transcript.
 *
 * With `{ turns: true }` each message of the user's is followed by one answer, all its parts joined by a blank line, and both have ids: the
 * question the `uuid` it was sent with, the answer `<uuid>.answer`.
 *
 * @example
 * ```ts
 * import { readTranscript } from 'leftoff/agents/claude'
 *
 * const transcript = await readTranscript({ workspace, sessionId: agentSessionId })
 * for await (const { role, text } of transcript ?? []) append(`${role}: ${text}`)
 * ```
 */
export async function readTranscript(
  of: TranscriptOf,
  options: ReadTranscriptOptions & { readonly turns: true },
): Promise<AsyncIterable<TranscriptTurnMessage> | undefined>
export async function readTranscript(
  of: TranscriptOf,
  options?: ReadTranscriptOptions,
): Promise<AsyncIterable<TranscriptMessage> | undefined>
export async function readTranscript(
  of: TranscriptOf,
  { turns = false }: ReadTranscriptOptions = {},
): Promise<AsyncIterable<TranscriptMessage> | undefined> {
  if (!(await hasTranscript(of))) return undefined
  return turns ? turnMessages(messagesIn(of)) : withoutIds(messagesIn(of))
}

async function* withoutIds(messages: AsyncIterable<Said>): AsyncGenerator<TranscriptMessage, void> {
  for await (const { role, text, at } of messages) yield { role, text, ...(at === undefined ? {} : { at }) }
}

/** Opened again where it is read: a reader that never begins holds no file open. */
async function* messagesIn(of: TranscriptOf): AsyncGenerator<Said, void> {
  const transcript = await openTranscript(of)
  if (!transcript) return
  const { file, sizeBytes } = transcript
  try {
    const history = historyOf(await indexTranscript(file, sizeBytes))
    const lineAt = createLineReader(file)
    let before: Said | undefined
    for (const { offset, length } of history) {
      const said = saidAt(await lineAt(offset, length))
      if (!said) continue // the file was cut in the meantime
      const isMore = isSameMessage(before, said)
      if (before && !isMore) yield before
      before = before && isMore ? { ...before, text: before.text + said.text } : said
    }
    if (before) yield before
  } catch (cause) {
    throw unreadable(pathOf(transcript), cause)
  } finally {
    await closeTranscript(transcript)
  }
}

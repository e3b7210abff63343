import type { FileHandle } from 'node:fs/promises'
import { createChain } from './transcript-chain.js'
import { isSameMessage, parseEntry, type Said, saidIn } from './transcript-entry.js'
import {
  findTranscript,
  openTranscript,
  type TranscriptFile,
  type TranscriptOf,
  unreadable,
} from './transcript-file.js'
import { linesBackward, linesForward } from './transcript-lines.js'

/** One message of a transcript, as a person would see it. */
export interface TranscriptMessage {
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** In ms since the epoch. */
  readonly time?: number
}

/**
 * Whether the agent still has a transcript of this session. A hint: it may go before the next turn begins, so let `runTurn` recover.
 *
 * @example
 * ```ts
 * import { transcriptExists } from 'leftoff/agents/claude'
 *
 * const isKnown = await transcriptExists({ workspace, sessionId: agentSessionId })
 * ```
 */
export async function transcriptExists(of: TranscriptOf): Promise<boolean> {
  return (await findTranscript(of)) !== undefined
}

/**
 * The messages of a transcript, oldest first, streamed: what the user and the model said, without tool calls, and of two turns that
 * ran at once only the branch that Claude would resume. What was said before a compaction is among them. `undefined` if there is
 * no such transcript. It keeps one message in memory, and eight bytes for each other.
 *
 * @example
 * ```ts
 * import { readTranscript } from 'leftoff/agents/claude'
 *
 * const transcript = await readTranscript({ workspace, sessionId: agentSessionId })
 * for await (const { role, text } of transcript ?? []) append(`${role}: ${text}`)
 * ```
 */
export async function readTranscript(of: TranscriptOf): Promise<AsyncIterable<TranscriptMessage> | undefined> {
  const found = await findTranscript(of)
  return found && messagesIn(found)
}

async function* messagesIn(found: TranscriptFile): AsyncGenerator<TranscriptMessage, void> {
  const file = await openTranscript(found.path)
  if (!file) return
  try {
    let before: Said | undefined
    for await (const said of saidOnBranch(file, found)) {
      const isMore = isSameMessage(before, said)
      if (before && !isMore) yield messageOf(before)
      before = before && isMore ? { ...before, text: before.text + said.text } : said
    }
    if (before) yield messageOf(before)
  } finally {
    await file.close()
  }
}

/** Up once, to see what is on the branch, then down through that. */
async function* saidOnBranch(file: FileHandle, { path, sizeBytes }: TranscriptFile): AsyncGenerator<Said, void> {
  try {
    const offsets: number[] = []
    const onBranch = createChain()
    for await (const lines of linesBackward(file, sizeBytes)) {
      for (const { bytes, offset } of lines) {
        const entry = onBranch(bytes)
        if (entry && saidIn(entry)) offsets.push(offset)
      }
    }
    let next = offsets.pop()
    if (next === undefined) return
    for await (const lines of linesForward(file, next, sizeBytes)) {
      for (const { bytes, offset } of lines) {
        if (offset !== next) continue
        next = offsets.pop()
        const entry = parseEntry(bytes)
        const said = entry && saidIn(entry)
        if (said) yield said
      }
      if (next === undefined) return
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function messageOf({ role, text, time }: Said): TranscriptMessage {
  return { role, text, ...(time === undefined ? {} : { time }) }
}

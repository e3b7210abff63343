import { type Clock, systemClock } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import type { ClaudeFolder } from './claude-env.js'
import { type ClaudeMessage, field } from './claude-message.js'
import { isClaudeSessionId } from './session-id.js'
import { nonEmpty } from './transcript-entry.js'
import { type OpenTranscript, withTranscript } from './transcript-file.js'
import { readAt, standsIn } from './transcript-lines.js'
import { noteModel } from './transcript-notes.js'

/** Where to look, and the clock that waits for a process that writes late. */
export interface WatchedFolder extends ClaudeFolder {
  readonly clock?: Clock
}

/**
 * Says after a turn whether the transcript took it. The SDK itself says nothing when its process cannot write, as on a full disk or a read-only
 * mount, or when the file was cut or deleted in mid-turn: the turn succeeds, and a later one does not know of it.
 */
export function watchTranscript({ clock = systemClock, ...folder }: WatchedFolder, resume?: string) {
  let sessionId: string | undefined
  let before: Promise<Standing | undefined> = Promise.resolve(undefined)
  if (resume !== undefined) look(resume)
  /** The API's id of the last answer: it stands in the answer's line. */
  let answerId: string | undefined
  return {
    /** Resolves once it knows how the transcript stood. */
    async note(message: ClaudeMessage): Promise<void> {
      if (message.session_id !== undefined) look(message.session_id)
      answerId = answerIdIn(message) ?? answerId
      await before
    },

    async afterDone(): Promise<LeftoffError | undefined> {
      const stood = await before
      if (sessionId === undefined || answerId === undefined) return undefined
      const of = { ...folder, sessionId }
      const answer = Buffer.from(JSON.stringify(answerId))
      let found: Found = 'nothing'
      for (const wait of [0, ...waitsMs]) {
        if (wait > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, wait, { keepsAlive: false }))
        found = (await withTranscript(of, (transcript) => lookFor(answer, transcript, stood))) ?? 'nothing'
        if (found === 'answer') return undefined
        if (found === 'less') break
      }
      return new LeftoffError('transcript-not-written', messages[found])
    },
  }

  function look(id: string): void {
    if (id === sessionId || !isClaudeSessionId(id)) return
    sessionId = id
    // What cannot be read now is reported at the end.
    before = withTranscript({ ...folder, sessionId: id }, standingOf).catch(() => undefined)
  }
}

/** How a transcript stood at the beginning of a turn. */
interface Standing {
  readonly identity: string
  readonly sizeBytes: number
  /** Its last bytes. */
  readonly end: Buffer
}

type Found = 'answer' | 'no-answer' | 'less' | 'nothing'

/** Together three seconds: a process writes what it has to say a moment after it has said it. */
const waitsMs = [50, 100, 200, 400, 800, 1_450]
const endBytes = 512

const messages = {
  nothing:
    "Claude's transcript of this session is gone. Its next turn begins without what was said. Look for what deletes it.",
  less:
    "Claude's transcript of this session was cut or deleted during the turn. Its next turn knows only what was written since. " +
    'Look for what changes it.',
  'no-answer':
    "Claude's transcript of this session did not take the last answer. Its next turn will not know of it. Look for a full disk or a " +
    'read-only mount, and let the agent write there.',
}

async function standingOf({ file, identity, sizeBytes }: OpenTranscript): Promise<Standing> {
  return { identity, sizeBytes, end: await readAt(file, Math.max(0, sizeBytes - endBytes), sizeBytes) }
}

async function lookFor(
  answer: Buffer,
  transcript: OpenTranscript,
  stood: Standing | undefined,
): Promise<Exclude<Found, 'nothing'>> {
  const { file, identity, sizeBytes } = transcript
  if (stood) {
    if (identity !== stood.identity || sizeBytes < stood.sizeBytes) return 'less'
    const end = await readAt(file, stood.sizeBytes - stood.end.length, stood.sizeBytes)
    if (!end.equals(stood.end)) return 'less'
  }
  return (await standsIn(file, answer, stood?.sizeBytes ?? 0, sizeBytes)) ? 'answer' : 'no-answer'
}

function answerIdIn(message: ClaudeMessage): string | undefined {
  const answer = message.type === 'assistant' ? field(message, 'message') : undefined
  const isSubagents = (field(message, 'parent_tool_use_id') ?? null) !== null
  return isSubagents || field(answer, 'model') === noteModel ? undefined : nonEmpty(field(answer, 'id'))
}

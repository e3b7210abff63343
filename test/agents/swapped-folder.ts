import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OlderReader } from './older-reader.js'
import { userEntry, uuid, workspace } from './transcript-folder.js'

/** What readers saw while the folder was swapped. */
export interface Seen {
  rounds: number
  /** Rounds in which it was the right text. */
  own: number
  foreignMessages: number
  foreignIds: number
}

const sessionId = uuid(1)
const theirId = uuid(2)
const rest = ['.claude', 'projects', '-srv-demo']

/**
 * Reads and lists the transcripts of a workspace in turn by each of `readers`, while another process swaps one of its folders for a link to
 * another workspace's and back.
 */
export async function readWhileSwapped(readers: readonly OlderReader[], rounds: number): Promise<readonly Seen[]> {
  const root = mkdtempSync(join(tmpdir(), 'leftoff-swap-'))
  const theirs = join(root, 'theirs.alive.best')
  write(join(root, workspace), 'mine', [sessionId])
  write(theirs, 'theirs', [sessionId, theirId])
  const swaps = rest.map((_, depth) => {
    const names = rest.slice(0, depth + 1)
    return [join(root, workspace, ...names), join(theirs, ...names)]
  })
  const swapper = spawn(process.execPath, [
    fileURLToPath(new URL('swap-folder.mjs', import.meta.url)),
    JSON.stringify(swaps),
  ])
  try {
    await once(swapper.stdout, 'data')
    const seen = readers.map(() => ({ rounds: 0, own: 0, foreignMessages: 0, foreignIds: 0 }))
    // A busy machine may let the swapper stand still with the link in place: then all are refused for a while.
    for (let round = 0; round < rounds || seen.some(({ own }) => own === 0); round++) {
      for (const [index, reader] of readers.entries()) await look(reader, root, seen[index])
    }
    return seen
  } finally {
    swapper.kill('SIGKILL')
    await once(swapper, 'close')
    rmSync(root, { recursive: true, force: true })
  }
}

function write(folder: string, text: string, ids: readonly string[]): void {
  const project = join(folder, ...rest)
  mkdirSync(project, { recursive: true })
  for (const id of ids) writeFileSync(join(project, `${id}.jsonl`), `${JSON.stringify(userEntry(1, null, text))}\n`)
}

async function look(reader: OlderReader, root: string, seen: Seen | undefined): Promise<void> {
  if (!seen) return
  seen.rounds++
  const texts = await orNone(async () => {
    const found: string[] = []
    for await (const { text } of (await reader.readTranscript({ root, workspace, sessionId })) ?? []) found.push(text)
    return found
  })
  const listed = await orNone(() => reader.listTranscripts({ root, workspace }))
  if (texts.includes('mine')) seen.own++
  if (texts.includes('theirs')) seen.foreignMessages++
  if (listed.some((transcript) => transcript.sessionId === theirId)) seen.foreignIds++
}

/** A reader may refuse what it finds, but in no other way. */
async function orNone<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'transcript-unreadable') return []
    throw error
  }
}

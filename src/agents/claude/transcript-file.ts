import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { LeftoffError } from '../../core/error.js'
import { type ClaudeFolder, defaultRoot, folderName } from './claude-env.js'
import { type OpenFolder, openFolder, unreadable } from './open-folder.js'
import { isClaudeSessionId } from './session-id.js'

/** Which transcript. */
export interface TranscriptOf extends ClaudeFolder {
  /** The agent session's id, a UUID. */
  readonly sessionId: string
}

/** A transcript's file, as its folder lists it. */
export interface TranscriptFile {
  readonly sessionId: string
  /** When it was last written, in ms since the epoch. */
  readonly lastActivity: number
  /** Its size then: the agent may be writing on, and what comes later is not looked at. */
  readonly sizeBytes: number
}

/** A transcript that is open for reading. */
export interface OpenTranscript extends TranscriptFile {
  readonly file: FileHandle
  /** The device and number of the file: a transcript that was deleted and begun anew has others. */
  readonly identity: string
  /** The folder that the file stands in. */
  readonly project: OpenFolder
}

/** Whether there is something to resume. */
export async function hasTranscript(of: TranscriptOf): Promise<boolean> {
  return (await withTranscript(of, async () => true)) ?? false
}

/**
 * Opens the file of a session, wherever in the workspace it ran, for as long as `use` takes. `undefined` if there is none or nothing in it.
 * What fails in `use` is `transcript-unreadable`.
 */
export async function withTranscript<T>(
  { sessionId, ...folder }: TranscriptOf,
  use: (transcript: OpenTranscript) => Promise<T>,
): Promise<T | undefined> {
  const transcript = await openTranscript({ sessionId, ...folder })
  if (!transcript) return undefined
  try {
    return await use(transcript)
  } catch (cause) {
    throw cause instanceof LeftoffError ? cause : unreadable(pathOf(transcript), cause)
  } finally {
    await closeTranscript(transcript)
  }
}

/** As `withTranscript`, for who closes it by `closeTranscript`. */
export async function openTranscript({ sessionId, ...folder }: TranscriptOf): Promise<OpenTranscript | undefined> {
  if (typeof sessionId !== 'string' || !isClaudeSessionId(sessionId)) {
    throw new LeftoffError('invalid-argument', 'A Claude session id is a UUID. Pass the id that the agent gave.')
  }
  return withProjects(folder, async (projects) => {
    const name = `${sessionId}.jsonl`
    const found: { readonly project: string; readonly modified: number }[] = []
    for (const entry of await projects.list()) {
      if (!entry.isDirectory()) continue
      // A first look, which a link could mislead; what it finds is opened and looked at again.
      const stats = await projects.stat(join(entry.name, name))
      if (stats?.isFile() && stats.size > 0) found.push({ project: entry.name, modified: stats.mtimeMs })
    }
    // A session that continued in another working folder may have two.
    found.sort((a, b) => b.modified - a.modified)
    for (const { project } of found) {
      const opened = await openIn(projects, project, sessionId)
      if (opened) return opened
    }
    return undefined
  })
}

/** Gives back what `openTranscript` took. */
export async function closeTranscript({ file, project }: OpenTranscript): Promise<void> {
  await Promise.all([file.close(), project.close()])
}

/** Where it stands, for messages. */
export function pathOf({ project, sessionId }: OpenTranscript): string {
  return join(project.path, `${sessionId}.jsonl`)
}

/** All transcripts of a workspace, newest first. Files of subagents are not among them. */
export async function transcriptFiles(folder: ClaudeFolder): Promise<readonly TranscriptFile[]> {
  const files = await withProjects(folder, async (projects) => {
    const found: TranscriptFile[] = []
    for (const entry of await projects.list()) {
      const project = entry.isDirectory() ? await projects.folder(entry.name) : undefined
      if (!project) continue
      try {
        found.push(...(await filesIn(project)))
      } finally {
        await project.close()
      }
    }
    return found
  })
  return newestFirst(files ?? [])
}

async function filesIn(project: OpenFolder): Promise<readonly TranscriptFile[]> {
  const ids = (await project.list()).flatMap((entry) => {
    const id = entry.isFile() && entry.name.endsWith('.jsonl') ? entry.name.slice(0, -'.jsonl'.length) : ''
    return isClaudeSessionId(id) ? [id] : []
  })
  const found = await Promise.all(
    ids.map(async (sessionId) => {
      const stats = await project.stat(`${sessionId}.jsonl`)
      return stats?.isFile() && stats.size > 0 ? [fileFrom(sessionId, stats)] : []
    }),
  )
  return found.flat()
}

async function openIn(
  projects: OpenFolder,
  projectName: string,
  sessionId: string,
): Promise<OpenTranscript | undefined> {
  const project = await projects.folder(projectName)
  if (!project) return undefined
  let file: FileHandle | undefined
  try {
    file = await project.file(`${sessionId}.jsonl`)
    const stats = await file?.stat()
    if (file && stats?.isFile() && stats.size > 0) {
      return { ...fileFrom(sessionId, stats), file, project, identity: `${stats.dev}:${stats.ino}` }
    }
  } catch (error) {
    await Promise.all([file?.close(), project.close()])
    throw error
  }
  await Promise.all([file?.close(), project.close()])
  return undefined
}

function fileFrom(sessionId: string, { mtimeMs, size }: Stats): TranscriptFile {
  return { sessionId, lastActivity: Math.floor(mtimeMs), sizeBytes: size }
}

/** With the folder `<root>/<workspace>/.claude/projects`, which holds one for each working folder. */
async function withProjects<T>(
  { root = defaultRoot, workspace }: ClaudeFolder,
  use: (projects: OpenFolder) => Promise<T>,
): Promise<T | undefined> {
  const projects = await openFolder(root, [folderName(workspace), '.claude', 'projects'])
  if (!projects) return undefined
  try {
    return await use(projects)
  } finally {
    await projects.close()
  }
}

/** One file a session, the last written. */
function newestFirst(files: readonly TranscriptFile[]): readonly TranscriptFile[] {
  const sorted = files.toSorted((a, b) => b.lastActivity - a.lastActivity || (a.sessionId < b.sessionId ? -1 : 1))
  const seen = new Set<string>()
  return sorted.filter(({ sessionId }) => !seen.has(sessionId) && seen.add(sessionId))
}

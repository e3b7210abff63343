import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { LeftoffError } from '../../core/error.js'
import { type ClaudeFolder, claudeEnv, defaultRoot, folderName } from './claude-env.js'
import { field } from './claude-message.js'
import { isClaudeSessionId } from './session-id.js'

/** Which transcript. */
export interface TranscriptOf extends ClaudeFolder {
  /** The agent session's id, a UUID. */
  readonly sessionId: string
}

/** A transcript's file, as the folder lists it. */
export interface TranscriptFile {
  readonly path: string
  readonly sessionId: string
  /** When it was last written, in ms since the epoch. */
  readonly lastActivity: number
  /** Its size then: the agent may be writing on, and what comes later is not looked at. */
  readonly sizeBytes: number
}

/** The file of a session, wherever in the workspace it ran, or `undefined` if there is none or nothing in it. */
export async function findTranscript({ sessionId, ...folder }: TranscriptOf): Promise<TranscriptFile | undefined> {
  if (typeof sessionId !== 'string' || !isClaudeSessionId(sessionId)) {
    throw new LeftoffError('invalid-argument', 'A Claude session id is a UUID. Pass the id that the agent gave.')
  }
  const projects = await projectFolders(folder)
  const found = await Promise.all(projects.map((project) => transcriptFile(project, sessionId)))
  return newestFirst(found)[0]
}

/** All transcripts of a workspace, newest first. Files of subagents are not among them. */
export async function transcriptFiles(folder: ClaudeFolder): Promise<readonly TranscriptFile[]> {
  const found: (TranscriptFile | undefined)[] = []
  for (const project of await projectFolders(folder)) {
    const ids = (await listed(project)).flatMap((entry) => {
      const id = entry.isFile() && entry.name.endsWith('.jsonl') ? entry.name.slice(0, -'.jsonl'.length) : ''
      return isClaudeSessionId(id) ? [id] : []
    })
    found.push(...(await Promise.all(ids.map((id) => transcriptFile(project, id)))))
  }
  return newestFirst(found)
}

/** Opens a transcript, or gives `undefined` if it is gone. Close it. */
export async function openTranscript(path: string): Promise<FileHandle | undefined> {
  // What was a file a moment ago may be a link by now, which leads elsewhere, or a named pipe, where opening waits for ever.
  // Windows has neither flag.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  return open(path, flags).catch((error) => absent(error, path, ['ENOENT', 'ELOOP']))
}

/** What failed on the way to a transcript's content, with what to do. */
export function unreadable(path: string, cause: unknown): LeftoffError {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return new LeftoffError(
    'transcript-unreadable',
    `Cannot read ${path}${reason}. Let the server's user read what the agent's user writes there.`,
    { cause },
  )
}

/**
 * The folders `<root>/<workspace>/.claude/projects/<slug>`. An agent that runs commands can put a link anywhere below its workspace:
 * none is followed.
 */
async function projectFolders({ root = defaultRoot, workspace }: ClaudeFolder): Promise<readonly string[]> {
  const projects = join(claudeEnv({ root, workspace }).CLAUDE_CONFIG_DIR, 'projects')
  const realRoot = await realpath(root).catch((error) => absent(error, root))
  const realProjects = await realpath(projects).catch((error) => absent(error, projects))
  if (realRoot === undefined || realProjects === undefined) return []
  if (realProjects !== join(realRoot, folderName(workspace), '.claude', 'projects')) {
    throw new LeftoffError(
      'transcript-unreadable',
      `${projects} is reached by a link below the root, which could lead to another workspace. Let root itself be the link.`,
    )
  }
  const entries = await listed(realProjects)
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(realProjects, name))
}

async function listed(folder: string) {
  return (await readdir(folder, { withFileTypes: true }).catch((error) => absent(error, folder))) ?? []
}

async function transcriptFile(project: string, sessionId: string): Promise<TranscriptFile | undefined> {
  const path = join(project, `${sessionId}.jsonl`)
  const stats = await lstat(path).catch((error) => absent(error, path))
  if (!stats?.isFile() || stats.size === 0) return undefined
  return { path, sessionId, lastActivity: Math.floor(stats.mtimeMs), sizeBytes: stats.size }
}

/** One file a session: a session that went on in another working folder may have two. */
function newestFirst(files: readonly (TranscriptFile | undefined)[]): readonly TranscriptFile[] {
  const sorted = files
    .filter((file) => file !== undefined)
    .sort((a, b) => b.lastActivity - a.lastActivity || (a.sessionId < b.sessionId ? -1 : 1))
  const seen = new Set<string>()
  return sorted.filter(({ sessionId }) => !seen.has(sessionId) && seen.add(sessionId))
}

function absent(error: unknown, path: string, codes = ['ENOENT', 'ENOTDIR']): undefined {
  const code = field(error, 'code')
  if (typeof code === 'string' && codes.includes(code)) return undefined
  throw unreadable(path, error)
}

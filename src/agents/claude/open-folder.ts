import { constants, type Dirent, lstat as lstatWithCallback, type Stats } from 'node:fs'
import { type FileHandle, open, readdir, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LeftoffError } from '../../core/error.js'
import { field } from './claude-message.js'

/** Half the work of the one in node:fs/promises, and a list asks it of each file. */
const lstat = promisify(lstatWithCallback)

/**
 * A folder that stays the one that was checked, also while somebody puts a link in its place: an agent that runs commands can do that at any
 * moment, and the link could lead to another workspace. What is in it is reached through its open handle. Close it.
 */
export interface OpenFolder {
  /** For messages. */
  readonly path: string
  list(): Promise<readonly Dirent[]>
  /** Of the name itself, if it is a link. `undefined` if there is none. */
  stat(name: string): Promise<Stats | undefined>
  /** `undefined` if there is none, or a link. */
  folder(name: string): Promise<OpenFolder | undefined>
  /** `undefined` if there is none, or a link. */
  file(name: string): Promise<FileHandle | undefined>
  close(): Promise<void>
}

/** Opens `root/names[0]/names[1]/…`, or gives `undefined` if there is none. Only the root itself may be reached by a link. */
export async function openFolder(root: string, names: readonly string[]): Promise<OpenFolder | undefined> {
  const realRoot = await realpath(root).catch((error) => absent(error, root))
  if (realRoot === undefined) return undefined
  return (await canReachByHandle()) ? byHandle(realRoot, names) : byPath(realRoot, names)
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

/** Linux reaches what is in a folder through its open handle, and says where the folder of a handle really is. */
async function canReachByHandle(): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return lstat(handles).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}

const handles = '/proc/self/fd'

async function byHandle(realRoot: string, names: readonly string[]): Promise<OpenFolder | undefined> {
  const path = join(realRoot, ...names)
  const handle = await open(path, folderFlags).catch((error) => absent(error, path))
  if (!handle) return undefined
  try {
    const realPath = await readlink(`${handles}/${handle.fd}`)
    if (realPath === path) return folderOf(handle, path)
    if (realPath !== `${path} (deleted)`) throw isLink(path)
    await handle.close()
    return undefined
  } catch (error) {
    await handle.close()
    throw error
  }
}

function folderOf(handle: FileHandle, path: string): OpenFolder {
  const inside = `${handles}/${handle.fd}`
  return {
    path,
    list: () => readdir(inside, { withFileTypes: true }).catch((error) => absent(error, path) ?? []),
    stat: (name) => lstat(join(inside, name)).catch((error) => absent(error, join(path, name))),
    async folder(name) {
      const inner = await open(join(inside, name), folderFlags | noFollow).catch((error) =>
        absent(error, join(path, name), linkCodes),
      )
      return inner && folderOf(inner, join(path, name))
    },
    file: (name) => open(join(inside, name), fileFlags).catch((error) => absent(error, join(path, name), linkCodes)),
    close: () => handle.close(),
  }
}

/**
 * Elsewhere the path is walked before and after each step, and what was opened is compared with what stands there. It takes two swaps of a folder
 * within one step, each at the right moment, to get past that.
 */
export async function byPath(realRoot: string, names: readonly string[]): Promise<OpenFolder | undefined> {
  const path = join(realRoot, ...names)
  const before = await identitiesOf(realRoot, names)
  if (before === undefined) return undefined
  if (before === 'link') throw isLink(path)

  async function unchanged<T>(value: T): Promise<T | undefined> {
    return (await identitiesOf(realRoot, names)) === before ? value : undefined
  }

  return {
    path,
    async list() {
      const entries = await readdir(path, { withFileTypes: true }).catch((error) => absent(error, path))
      return (entries && (await unchanged(entries))) ?? []
    },
    async stat(name) {
      const stats = await lstat(join(path, name)).catch((error) => absent(error, join(path, name)))
      return stats && unchanged(stats)
    },
    folder: (name) => byPath(realRoot, [...names, name]).catch(withoutLinks),
    async file(name) {
      const filePath = join(path, name)
      const handle = await open(filePath, fileFlags).catch((error) => absent(error, filePath, linkCodes))
      if (!handle) return undefined
      const [opened, standing] = await Promise.all([
        handle.stat(),
        lstat(filePath).catch((error) => absent(error, filePath)),
      ])
      const isSame = standing?.isFile() && standing.dev === opened.dev && standing.ino === opened.ino
      if (isSame && (await unchanged(true))) return handle
      await handle.close()
      return undefined
    },
    close: async () => {},
  }
}

/** What tells each folder on the way from every other; `link` if one of them is one, `undefined` if one is missing. */
async function identitiesOf(realRoot: string, names: readonly string[]): Promise<string | undefined> {
  let path = realRoot
  const identities: string[] = []
  for (const name of names) {
    path = join(path, name)
    const stats = await lstat(path).catch((error) => absent(error, path))
    if (stats?.isSymbolicLink()) return 'link'
    if (!stats?.isDirectory()) return undefined
    identities.push(`${stats.dev}:${stats.ino}`)
  }
  return identities.join('/')
}

// What was a file a moment ago may be a named pipe by now, where opening waits forever. Windows has none of these flags.
const noFollow = constants.O_NOFOLLOW ?? 0
const folderFlags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)
const fileFlags = constants.O_RDONLY | noFollow | (constants.O_NONBLOCK ?? 0)

const absentCodes = ['ENOENT', 'ENOTDIR']
/** How the system refuses a link, for a file and for a folder. */
const linkCodes = [...absentCodes, 'ELOOP']

function isLink(path: string): LeftoffError {
  return new LeftoffError(
    'transcript-unreadable',
    `${path} is reached by a link below the root, which could lead to another workspace. Let root itself be the link.`,
  )
}

function withoutLinks(error: unknown): undefined {
  if (field(error, 'code') !== 'transcript-unreadable' || field(error, 'cause') !== undefined) throw error
}

function absent(error: unknown, path: string, codes = absentCodes): undefined {
  const code = field(error, 'code')
  if (typeof code === 'string' && codes.includes(code)) return undefined
  throw unreadable(path, error)
}

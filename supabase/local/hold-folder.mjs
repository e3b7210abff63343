import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Keeps other processes of this machine out of a folder that only one may write to, for as long as this one lives: the
 * hold is a socket that listens, so a process that was killed holds nothing.
 *
 * @param {string} folder
 * @returns {Promise<() => Promise<void>>} Gives it back.
 */
export async function holdFolder(folder) {
  const path = socketPath(await realpath(folder))
  // Nothing that was left by a process that is gone counts.
  if (await answers(path))
    throw new Error(`${folder} is in use by another process. End that one, or use another folder.`)
  await rm(path, { force: true })

  const server = createServer((socket) => socket.destroy()).unref()
  server.listen(path)
  await once(server, 'listening').catch((cause) => {
    throw new Error(`${folder} cannot be held for this process: ${cause.message}`, { cause })
  })
  return () => new Promise((resolve) => server.close(() => resolve()))
}

/** Short, as a socket's path may have some 100 characters only. @param {string} folder */
function socketPath(folder) {
  const name = `leftoff-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
}

/**
 * @param {string} path
 * @returns {Promise<boolean>}
 */
function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

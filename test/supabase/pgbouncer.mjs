import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresUser } from './postgres-cluster.mjs'

/**
 * A PgBouncer in transaction mode before a Postgres, for any user, with no more than `poolSize` connections to it.
 *
 * @param {string} databaseUrl Of a socket.
 * @param {number} poolSize
 */
export async function startPgBouncer(databaseUrl, poolSize) {
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-pgbouncer-'))
  const { hostname, username } = new URL(databaseUrl)
  const config = join(folder, 'pgbouncer.ini')
  const users = join(folder, 'users.txt')
  await writeFile(users, `"${username}" ""\n`)
  await writeFile(
    config,
    `[databases]
* = host=${decodeURIComponent(hostname)}
${await settingsOfGuide(poolSize)}listen_addr =
listen_port = 5432
unix_socket_dir = ${folder}
auth_type = trust
auth_file = ${users}
max_client_conn = 1000
`,
  )
  const user = await postgresUser()
  if (user) for (const path of [folder, config, users]) await chown(path, user.uid, user.gid)
  const child = spawn(process.env.PGBOUNCER ?? '/usr/sbin/pgbouncer', [config], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  })
  child.stderr.setEncoding('utf8')
  const failed = once(child, 'error').then(([error]) => {
    throw new Error('No PgBouncer found. Install pgbouncer, or set PGBOUNCER to its path.', { cause: error })
  })
  await Promise.race([untilUp(child.stderr), failed])
  child.stderr.resume()

  const url = new URL(databaseUrl)
  url.hostname = encodeURIComponent(folder)
  return {
    url: url.href,
    async end() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** @param {AsyncIterable<string>} output */
async function untilUp(output) {
  let said = ''
  for await (const text of output) {
    said += text
    if (said.includes('process up')) return
  }
  throw new Error(`PgBouncer did not start: ${said}`)
}

/**
 * The section that docs/scale.md shows, with fewer connections.
 *
 * @param {number} poolSize
 */
async function settingsOfGuide(poolSize) {
  const guide = await readFile(new URL('../../docs/scale.md', import.meta.url), 'utf8')
  const settings = /^```ini\n([\s\S]*?)^```$/m.exec(guide)?.[1] ?? ''
  if (!settings.includes('default_pool_size = 20\n')) throw new Error('docs/scale.md shows no settings of PgBouncer.')
  return settings.replace('default_pool_size = 20', `default_pool_size = ${poolSize}`)
}

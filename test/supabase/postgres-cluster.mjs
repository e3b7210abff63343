import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** @typedef {Awaited<ReturnType<typeof createPostgresCluster>>} PostgresCluster */

/**
 * A Postgres of its own: made in a temporary folder, reached by a socket in it, deleted at the end. Not started yet.
 *
 * @param {Record<string, string>} [settings] Of postgresql.conf.
 */
export function createPostgresCluster(settings = {}) {
  const args = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  return openCluster(settings, 'initdb', args)
}

/**
 * @param {Record<string, string>} settings
 * @param {string} maker What fills the data folder.
 * @param {readonly string[]} makerArgs
 */
async function openCluster(settings, maker, makerArgs) {
  const bin = findPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-postgres-'))
  const data = join(folder, 'data')
  const log = join(folder, 'log')
  // What a test or a bench needs of the disk: nothing survives anyway.
  const all = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: '100',
    ...settings,
  }
  const options = Object.entries(all).map(([name, value]) => `-c ${name}='${value}'`)
  const asPostgres = await postgresUser()
  if (asPostgres) await chown(folder, asPostgres.uid, asPostgres.gid)

  /** @param {string} program @param {readonly string[]} args */
  const postgres = (program, args) => {
    const path = join(bin, program)
    // From a folder that every user may be in.
    if (asPostgres) return run('runuser', ['-u', 'postgres', '--', path, ...args], { cwd: folder })
    return run(path, [...args], { cwd: folder })
  }

  await postgres(maker, ['-D', data, ...makerArgs])

  let isRunning = false
  const cluster = {
    folder,

    /** @param {string} [database] */
    url: (database = 'postgres') => `postgresql://postgres@${encodeURIComponent(folder)}/${database}`,

    async start() {
      await postgres('pg_ctl', ['start', '-w', '-D', data, '-l', log, '-o', options.join(' ')])
      isRunning = true
    },

    /**
     * `fast` ends transactions in an orderly way, `immediate` as a crash does.
     *
     * @param {'fast' | 'immediate'} [mode]
     */
    async stop(mode = 'fast') {
      await postgres('pg_ctl', ['stop', '-w', '-D', data, '-m', mode])
      isRunning = false
    },

    /**
     * A streaming replica of this one, which is running. Not started yet.
     *
     * @returns {ReturnType<typeof openCluster>}
     */
    replica: () =>
      openCluster(settings, 'pg_basebackup', ['-h', folder, '-U', 'postgres', '-R', '-c', 'fast', '-X', 'stream']),

    /** Makes a primary of a replica, and waits until it is one. */
    promote: () => postgres('pg_ctl', ['promote', '-w', '-D', data]),

    async end() {
      if (isRunning) await cluster.stop('immediate')
      await rm(folder, { recursive: true, force: true })
    },
  }
  return cluster
}

/** Whom to run as: Postgres and PgBouncer refuse root. `undefined` for the one who runs this. */
export async function postgresUser() {
  if (userInfo().uid !== 0) return undefined
  const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])))
  const [uid = 0, gid = 0] = ids.map(({ stdout }) => Number(stdout))
  return { uid, gid }
}

/** The folder with `initdb`: `POSTGRES_BIN`, or Debian's newest. */
function findPostgres() {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [process.env.POSTGRES_BIN ?? '', ...versions.map((version) => join(debian, version, 'bin'))]
  const found = folders.find((folder) => folder && existsSync(join(folder, 'initdb')))
  if (found) return found
  throw new Error('No Postgres found. Install postgresql-15, or set POSTGRES_BIN to the folder that holds initdb.')
}

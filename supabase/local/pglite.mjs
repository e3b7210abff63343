import { mkdirSync, writeFileSync } from 'node:fs'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { holdFolder } from './hold-folder.mjs'

/** Of its memory for pages, 128 MB of its own accord, it would clear every byte as it starts. */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB']

/**
 * PGlite in `dataDir`, or in memory.
 *
 * A new database is unpacked from a template, which takes a tenth of the time that creating one takes. The template is
 * made once per version of PGlite. A folder is held for this process: two would write over each other's pages.
 *
 * @param {string | undefined} dataDir
 */
export async function openPglite(dataDir) {
  if (dataDir === undefined) {
    const loadDataDir = new Blob([await template()], { type: 'application/x-tar' })
    const pglite = await PGlite.create({ loadDataDir, startParams })
    return { pglite, close: () => pglite.close() }
  }
  await mkdir(dataDir, { recursive: true })
  const release = await holdFolder(dataDir)
  if (!(await exists(join(dataDir, 'PG_VERSION')))) unpack(await template(), dataDir)
  const pglite = await PGlite.create({ dataDir, startParams })
  return {
    pglite,
    async close() {
      await pglite.close()
      await release()
    },
  }
}

/** Not compressed: it would take longer to unpack than to read. */
async function template() {
  const path = fileURLToPath(new URL(`.cache/pglite-${await pgliteVersion()}.tar`, import.meta.url))
  const made = await readFile(path).catch(() => undefined)
  if (made) return made
  const pglite = await PGlite.create()
  const dump = Buffer.from(await (await pglite.dumpDataDir('none')).arrayBuffer())
  await pglite.close()
  await mkdir(dirname(path), { recursive: true })
  // Whole or not at all: another process may be doing the same.
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, dump)
  await rename(unfinished, path)
  return dump
}

/**
 * PGlite does it as well, in twice the time that all the rest of a start takes: file by file through its own file system.
 *
 * @param {Buffer} tar
 * @param {string} folder
 */
function unpack(tar, folder) {
  /** @type {(from: number, to: number) => string} */
  const text = (from, to) => tar.toString('latin1', from, to).split('\0', 1)[0] ?? ''
  for (let at = 0; tar[at]; ) {
    const path = join(folder, text(at, at + 100))
    const size = Number.parseInt(text(at + 124, at + 136), 8)
    const begins = at + 512
    if (text(at + 156, at + 157) === '5') mkdirSync(path, { recursive: true })
    else {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, tar.subarray(begins, begins + size))
    }
    at = begins + Math.ceil(size / 512) * 512
  }
}

/** The pinned one: PGlite keeps its own package.json to itself. */
async function pgliteVersion() {
  const { dependencies } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'))
  return dependencies['@electric-sql/pglite']
}

/** @param {string} path */
function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  )
}

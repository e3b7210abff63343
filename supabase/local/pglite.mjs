import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { holdFolder } from './hold-folder.mjs'

/**
 * PGlite in `dataDir`, or in memory.
 *
 * A new database is unpacked from a template, which takes a fifth of the time that creating one takes. The template is
 * made once per version of PGlite. A folder is held for this process: two would write over each other's pages.
 *
 * @param {string | undefined} dataDir
 */
export async function openPglite(dataDir) {
  if (dataDir === undefined) {
    const pglite = await PGlite.create({ loadDataDir: await template() })
    return { pglite, close: () => pglite.close() }
  }
  await mkdir(dataDir, { recursive: true })
  const release = await holdFolder(dataDir)
  const hasData = await exists(join(dataDir, 'PG_VERSION'))
  const pglite = await PGlite.create({ dataDir, ...(!hasData && { loadDataDir: await template() }) })
  return {
    pglite,
    async close() {
      await pglite.close()
      await release()
    },
  }
}

async function template() {
  const path = fileURLToPath(new URL(`.cache/pglite-${await pgliteVersion()}.tar.gz`, import.meta.url))
  const made = await readFile(path).catch(() => undefined)
  if (made) return new Blob([made])
  const pglite = await PGlite.create()
  const dump = await pglite.dumpDataDir('gzip')
  await pglite.close()
  await mkdir(dirname(path), { recursive: true })
  // Whole or not at all: another process may be doing the same.
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, new Uint8Array(await dump.arrayBuffer()))
  await rename(unfinished, path)
  return dump
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

// Builds the library, and the demo too with `--demo`, unless what lies there was built from the very same files: `npm run build:once`.
// Tests, checks and packing all need a build, and most of its time goes into declarations that have not changed.

import { execSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } })

/** The tools, by the versions that npm installs. */
const tools = ['package.json', 'package-lock.json', 'tsconfig.json']

buildOnce('library', {
  command: 'npm run --silent build',
  sources: [...tools, 'tsconfig.declarations.json', 'tsup.config.ts', 'src'],
  built: ['dist'],
})
if (values.demo) {
  buildOnce('demo', {
    command: 'npm run --silent --workspace examples/chat build',
    sources: [
      ...tools,
      'dist',
      ...['package.json', 'tsconfig.json', 'vite.config.ts', 'page', 'server', 'shared'].map((name) =>
        join('examples/chat', name),
      ),
    ],
    built: ['examples/chat/dist'],
  })
}

/**
 * @param {string} name
 * @param {{ command: string, sources: readonly string[], built: readonly string[] }} how
 */
function buildOnce(name, { command, sources, built }) {
  const record = join(root, '.cache', `built-${name}`)
  const from = hashOf(sources)
  if (read(record) === `${from} ${hashOf(built)}`) return
  // Its output goes to stderr: npm reads the stdout of the script that runs before it packs.
  execSync(command, { cwd: root, stdio: ['ignore', 2, 2] })
  mkdirSync(dirname(record), { recursive: true })
  // Of the files as they were before: one that was changed during the build is built the next time.
  writeFileSync(record, `${from} ${hashOf(built)}`)
}

/**
 * Of Node's version, and of the paths and bytes of all files at and below `paths`.
 *
 * @param {readonly string[]} paths
 */
function hashOf(paths) {
  const hash = createHash('sha256').update(process.version)
  for (const path of paths.flatMap(filesAt).toSorted()) {
    const bytes = readFileSync(join(root, path))
    hash.update(`\0${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesAt(path) {
  const stats = statSync(join(root, path), { throwIfNoEntry: false })
  if (!stats) return []
  if (!stats.isDirectory()) return [path]
  return readdirSync(join(root, path)).flatMap((name) => filesAt(join(path, name)))
}

/** @param {string} path */
function read(path) {
  return statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : undefined
}

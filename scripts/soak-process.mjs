// Runs test/soak in processes of its own: bundled once from any checkout, so that it starts fast and sees that checkout's `src`.

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'

const run = promisify(execFile)

export const root = fileURLToPath(new URL('..', import.meta.url))

/** @typedef {import('../test/soak/soak.js').Summary} Summary */

/** A new folder that goes when `use` ends. It can import what this project can. @template T @param {(folder: string) => Promise<T>} use */
export async function inFolder(use) {
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-soak-'))
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Copies parts of a checkout. @param {string} from @param {string} to @param {readonly string[]} paths */
export async function copyParts(from, to, paths) {
  for (const path of paths) {
    await mkdir(join(to, path, '..'), { recursive: true })
    await cp(join(from, path), join(to, path), { recursive: true })
  }
}

/** Bundles the soak of a folder that has `src` and `test`. Gives the file. @param {string} folder */
export async function bundleSoak(folder) {
  const outDir = join(folder, 'soak-bundle')
  await build({
    entry: { soak: join(folder, 'test/soak/main.ts') },
    outDir,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    noExternal: [/.*/],
    outExtension: () => ({ js: '.mjs' }),
    config: false,
    dts: false,
    silent: true,
    clean: false,
  })
  return join(outDir, 'soak.mjs')
}

/** Asks a bundle one thing: see `main.ts`. @param {string} bundle @param {object} request @returns {Promise<any>} */
export async function ask(bundle, request) {
  // A rejection that is handled late is what the soak looks for; Node need not warn of it as well.
  const { stdout } = await run(process.execPath, ['--no-warnings', bundle, JSON.stringify(request)], {
    maxBuffer: 2 ** 28,
    timeout: 30 * 60_000,
  })
  return JSON.parse(stdout)
}

/**
 * Runs jobs on as many processes as there are cores, until all are done or `isEnough` of an answer.
 *
 * @param {string} bundle
 * @param {readonly object[]} jobs
 * @param {(summary: Summary) => boolean} isEnough
 * @returns {Promise<Summary[]>}
 */
export async function askAll(bundle, jobs, isEnough = () => false) {
  const waiting = [...jobs]
  /** @type {Summary[]} */
  const answers = []
  async function work() {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const answer = await ask(bundle, job)
      answers.push(answer)
      if (isEnough(answer)) waiting.length = 0
    }
  }
  await Promise.all(cpus().map(work))
  return answers
}

/** Jobs of at most `size` runs each, on the storages in turn. @param {Readonly<Record<string, number>>} runs @param {number} from @param {number} size */
export function soakJobs(runs, from, size) {
  const perStorage = Object.entries(runs).map(([storage, count]) => {
    const starts = Array.from({ length: Math.ceil(count / size) }, (_, index) => index * size)
    return starts.map((start) => ({ do: 'soak', storage, from: from + start, count: Math.min(size, count - start) }))
  })
  const longest = Math.max(...perStorage.map((jobs) => jobs.length))
  return Array.from({ length: longest }, (_, index) => perStorage.flatMap((jobs) => jobs[index] ?? [])).flat()
}

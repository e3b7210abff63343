// Replays the found scenes against the source of a commit: `node scripts/soak-found.mjs d7977a6`. Prints which of them fail there as they
// did when they were found, and fails if none does.
//
// The soak itself is this checkout's. Its driver is the newest one that works with the store of that commit.

import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ask, bundleSoak, copyParts, inFolder, root } from './soak-process.mjs'

const driver = 'test/soak/store-driver.ts'
const [, , commit = 'HEAD'] = process.argv
const run = promisify(execFile)

/** @param {...string} args */
async function git(...args) {
  return (await run('git', ['-C', root, ...args], { maxBuffer: 2 ** 26 })).stdout
}

/** The drivers there ever were, newest first; the first is this checkout's, saved or not. */
async function drivers() {
  const commits = (await git('log', '--format=%h', '--', driver)).split('\n').filter(Boolean)
  return [undefined, ...commits]
}

/** The soak with a driver that works with the store in `folder`. @param {string} folder */
async function bundleWithDriver(folder) {
  for (const from of await drivers()) {
    await copyParts(root, folder, ['test/soak'])
    if (from) await writeFile(join(folder, driver), await git('show', `${from}:${driver}`))
    try {
      const bundle = await bundleSoak(folder)
      if (await ask(bundle, { do: 'quiet' })) return { bundle, from: from ?? 'this checkout' }
    } catch {
      // It is for another store.
    }
  }
  throw new Error(`No driver works with the store of ${commit}.`)
}

await inFolder(async (folder) => {
  const tree = join(folder, 'tree')
  await git('worktree', 'add', '--detach', tree, commit)
  try {
    await copyParts(tree, folder, ['src'])
    const { bundle, from } = await bundleWithDriver(folder)
    console.log(`The store of ${commit} with the driver of ${from}:`)
    /** @type {import('../test/soak/replay-found.js').Replayed[]} */
    const replayed = await ask(bundle, { do: 'found' })
    for (const { title, fault, isFound, violations } of replayed) {
      console.log(`${isFound ? 'fails' : 'holds'}  ${fault}: ${title}${isFound ? ` (${violations[0]})` : ''}`)
    }
    const found = replayed.filter(({ isFound }) => isFound)
    console.log(
      `${found.length} of ${replayed.length} fail there, of ${new Set(found.map(({ fault }) => fault)).size} faults.`,
    )
    if (found.length === 0) process.exitCode = 1
  } finally {
    await rm(tree, { recursive: true, force: true })
    await git('worktree', 'prune')
  }
})

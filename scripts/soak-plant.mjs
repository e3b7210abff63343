// Plants bugs in a copy of `src`, one at a time, and asserts that the soak finds each within 2,200 runs, as many as
// hold without a bug: `node scripts/soak-plant.mjs`.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plantedBugs } from '../test/soak/planted-bugs.mjs'
import { askAll, bundleSoak, copyParts, inFolder, root, soakJobs } from './soak-process.mjs'

const runsPerBug = { account: 1_000, localStorage: 1_000, dexie: 200 }
const size = 100
const parts = ['src', 'test/soak']
// `node scripts/soak-plant.mjs title` plants only those with that word.
const [, , word = ''] = process.argv
/** @type {string[]} */
const missed = []

for (const bug of plantedBugs.filter(({ what }) => what.includes(word))) {
  await inFolder(async (folder) => {
    await copyParts(root, folder, parts)
    const file = join(folder, bug.file)
    const source = await readFile(file, 'utf8')
    const places = source.split(bug.find).length - 1
    if (places !== 1) throw new Error(`${bug.file} has the text to replace ${places} times: ${bug.what}`)
    await writeFile(
      file,
      source.replace(bug.find, () => bug.replace),
    )
    const bundle = await bundleSoak(folder)
    const summaries = await askAll(bundle, soakJobs(runsPerBug, 1, size), ({ failures }) => failures.length > 0)
    const runs = summaries.reduce((sum, summary) => sum + summary.runs, 0)
    const [failure] = summaries.flatMap(({ failures }) => failures)
    if (!failure) missed.push(bug.what)
    const found =
      failure && `${failure.invariant} (${failure.storage} ${failure.seed}, ${failure.scene.actions.length} actions)`
    console.log(`${found ? 'found' : 'MISSED'} after ${runs} runs: ${bug.what}${found ? `: ${found}` : ''}`)
  })
}
if (missed.length > 0) {
  console.error(`The soak does not find: ${missed.join('; ')}`)
  process.exitCode = 1
}

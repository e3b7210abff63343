// Puts a link to `theirs` in the place of a folder and takes it away again, as fast as it can, until it is killed.
import { renameSync, symlinkSync, unlinkSync } from 'node:fs'

/** @type {[string, string][]} */
const swaps = JSON.parse(process.argv[2] ?? '[]')
process.stdout.write('swapping\n')
for (;;) {
  for (const [mine, theirs] of swaps) {
    for (let turn = 0; turn < 50; turn++) {
      renameSync(mine, `${mine}.aside`)
      symlinkSync(theirs, mine)
      unlinkSync(mine)
      renameSync(`${mine}.aside`, mine)
    }
  }
}

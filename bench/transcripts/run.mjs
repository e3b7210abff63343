// Listing and summarizing transcripts, beside the Claude Agent SDK's own functions. See docs/benchmarks/transcripts.md.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { textTable } from '../table.mjs'
import { measureList, measureOne } from './measure.mjs'
import { sectionsOf, writeResults } from './results.mjs'
import { installSdk, sdkVersion } from './sdk.mjs'

const usage = `Usage: npm run bench -- transcripts [--quick] [--write]
  --quick  100 transcripts and one of 3 MB, to try the bench out
  --write  update docs/benchmarks; it must be a whole run
It installs the Claude Agent SDK ${sdkVersion} (66 MB) in a temporary folder.`

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (flags.help) console.log(usage)
else await run()

async function run() {
  if (flags.write && flags.quick) throw new Error(`--write needs a whole run.\n${usage}`)
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-bench-'))
  try {
    const sdk = await installSdk(join(folder, 'sdk'))
    const rounds = flags.quick ? 2 : 9
    const list = await measureList(sdk, join(folder, 'many'), { transcripts: flags.quick ? 100 : 2_000, rounds })
    const one = await measureOne(sdk, join(folder, 'one'), { messages: flags.quick ? 3_400 : 40_000, rounds })
    const sections = sectionsOf(list, one)
    for (const { title, about, table } of sections) console.log(`\n${title}\n\n${textTable(table)}\n\n${about}`)
    if (flags.write) await writeResults(sections, { list, one })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

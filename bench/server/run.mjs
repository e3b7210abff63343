// What turns cost on the engines that keep them. Needs Postgres and Redis.

import { parseArgs } from 'node:util'
import { benchEngines } from './engines.mjs'
import { benchPartitions } from './partitions.mjs'
import { benchSupabase } from './supabase.mjs'

const usage = `Usage: npm run bench -- server [--quick] [--only=engines|partitions|supabase]
  --quick  small counts, to try the bench out
  --only   one of its parts: what each engine takes; 5 million rows in hash partitions; a million rows behind HTTP
It needs an installed Postgres and redis-server. Its page, docs/benchmarks/server.md, is written by hand.`

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const { quick } = flags
const parts = {
  engines: () =>
    benchEngines(quick ? { rounds: 50, keys: 500, seconds: 2 } : { rounds: 500, keys: 1_000, seconds: 20 }),
  partitions: () => benchPartitions(quick ? { rows: 50_000, rounds: 100 } : { rows: 5_000_000, rounds: 1_000 }),
  supabase: () => benchSupabase(quick ? { rows: 10_000, rounds: 100 } : { rows: 1_000_000, rounds: 500 }),
}

const named = Object.entries(parts).filter(([name]) => flags.only === undefined || name === flags.only)
if (flags.help || named.length === 0) console.log(usage)
else {
  for (const [name, bench] of named) {
    console.log(`\n== ${name}\n`)
    await bench()
  }
}

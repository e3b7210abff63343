import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { olderReader } from '../agents/older-reader.js'
import { type Compared, compareReaders } from './compare-readers.js'

// `npm run test:claude -- soak`: ten minutes, or as many as SOAK_MINUTES says. SOAK_SEED repeats a run.

const minutes = Number(process.env.SOAK_MINUTES ?? 10)
const firstSeed = Number(process.env.SOAK_SEED ?? Date.now() % 2 ** 31)
/** Each thing that a reader may stumble over must have occurred so often. */
const enough = minutes * 100

it(
  `reads random transcripts for ${minutes} minutes as the SDK's own reader does`,
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'leftoff-readers-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const until = performance.now() + minutes * 60_000
    const compared = await compareReaders({
      root,
      firstSeed,
      isEnough: ({ counts }) => {
        const left = until - performance.now()
        // A busy machine may take longer.
        return left < 0 && (left < -minutes * 60_000 || [...counts.values()].every((count) => count >= enough))
      },
      older: await olderReader(join(root, 'older')),
    })
    print(compared)
    expect(compared.differences.slice(0, 3)).toEqual([])
    expect(compared.olderDifferences).toBeGreaterThan(0)
    expect([...compared.counts].filter(([, count]) => count < enough)).toEqual([])
  },
  (2 * minutes + 2) * 60_000,
)

function print({ sessions, messages, counts, differences, olderDifferences }: Compared): void {
  const lines = [...counts].map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`)
  process.stdout.write(
    `\n${sessions} sessions from seed ${firstSeed}, ${messages} messages\n${lines.join('\n')}\n` +
      `  ${String(differences.length).padStart(7)}  differences to the SDK: seeds ${differences.slice(0, 20).map(({ seed }) => seed)}\n` +
      `  ${String(olderDifferences).padStart(7)}  differences of the older reader in the first 1,000\n`,
  )
}

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const isWhole = process.env.LEFTOFF_SOAK !== undefined

/** In a process of its own, as what others leave behind is not to be counted. */
async function measured(script: string, ...counts: readonly number[]) {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', path, ...counts.map(String)])
  return JSON.parse(stdout)
}

it('a tab that is open for a day takes no more in the evening than in the morning', async () => {
  const [conversations, turns] = isWhole ? [1_000, 10_000] : [100, 1_000]
  const day = await measured('./day-memory.mjs', conversations, turns)
  expect(day).toMatchObject({ conversations, messages: 2 * (conversations + turns) })
  expect(day.late - day.early).toBeLessThan(1)
  // Titles, previews, counts and times: no text of a message but the first and the last, cut short.
  expect(day.storedMB).toBeLessThan((conversations * 600) / 1e6)
}, 120_000)

it('a server keeps 500 bytes for a conversation, 40 kB for a turn that runs, and in the end nothing', async () => {
  const [keys, turns] = isWhole ? [100_000, 1_000] : [20_000, 500]
  const server = await measured('./many-keys-memory.mjs', keys, turns)
  expect(server.whole).toBe(turns)
  expect(server.bytesPerKey).toBeLessThan(500)
  expect(server.bytesPerTurn).toBeLessThan(40_000)
  expect(server.leftMB).toBeLessThan(5)
})

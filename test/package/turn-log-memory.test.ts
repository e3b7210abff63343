import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('./turn-log-memory.mjs', import.meta.url))

// In a process of its own, as what others leave behind is not to be counted.
it.each([
  ['memory', 2, 10_000],
  ['memory', 50, 10],
  ['postgres', 2, 10_000],
  ['postgres', 50, 10],
])('a %s log: a turn of %d MB with %d readers takes 64 MB at most', async (log, megabytes, readers) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    script,
    log,
    `${megabytes}`,
    `${readers}`,
  ])
  const { grownMB, isFull, ended, received } = JSON.parse(stdout)
  expect(ended).toBe(0.9 * readers)
  expect(isFull).toBe(megabytes > 8)
  expect(received).toBeGreaterThan(isFull ? ended * 7_000 : ended * megabytes * 1_000)
  expect(grownMB).toBeLessThanOrEqual(64)
})

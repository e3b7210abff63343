import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('./turn-handler-memory.mjs', import.meta.url))

const cases: readonly Case[] = [
  [50, 1_000, 'sent', 64],
  [50, 1_000, 'kept', 64 + 50],
]
// So many promises leave garbage that V8 collects when it has time, so this bound is wider.
const soak: readonly Case[] = [[50, 20, 'sent', 128]]

// In a process of its own, as what others leave behind is not to be counted. What `onAnswer` is given is in memory as a whole.
it.each(process.env.LEFTOFF_SOAK ? [...cases, ...soak] : cases)(
  'an answer of %d MB in pieces of %d characters that is %s takes %d MB at most',
  async (megabytes, size, how, most) => {
    const characters = 1_000_000 * megabytes
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      script,
      `${megabytes}`,
      `${size}`,
      how,
    ])
    const { grownMB, kept, received, idle } = JSON.parse(stdout)
    expect({ kept, received, idle }).toEqual({ kept: how === 'kept' ? characters : 0, received: characters, idle: 200 })
    expect(grownMB).toBeLessThanOrEqual(most)
  },
)

/** MB, characters of a piece, whether `onAnswer` keeps the answer, and by how many MB the process may grow. */
type Case = readonly [megabytes: number, size: number, how: 'kept' | 'sent', most: number]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, it, onTestFinished } from 'vitest'
import * as reader from '../../src/agents/claude/index.js'
import { olderReader } from '../agents/older-reader.js'
import { readWhileSwapped } from '../agents/swapped-folder.js'

it('shows nothing of another workspace in 20,000 rounds of swapped folders; the older reader does', async () => {
  const folder = mkdtempSync(`${tmpdir()}/leftoff-older-`)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [ours, older] = await readWhileSwapped([reader, await olderReader(folder)], 20_000)
  process.stdout.write(`\nours ${JSON.stringify(ours)}\nolder ${JSON.stringify(older)}\n`)
  expect(ours).toMatchObject({ rounds: 20_000, foreignMessages: 0, foreignIds: 0 })
  expect(ours?.own).toBeGreaterThan(0)
  expect((older?.foreignMessages ?? 0) + (older?.foreignIds ?? 0)).toBeGreaterThan(0)
}, 600_000)

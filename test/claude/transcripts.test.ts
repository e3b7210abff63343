import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import { olderReader } from '../agents/older-reader.js'
import { compareReaders } from './compare-readers.js'

const config = process.env.CLAUDE_CONFIG_DIR
afterEach(() => {
  if (config === undefined) delete process.env.CLAUDE_CONFIG_DIR
  else process.env.CLAUDE_CONFIG_DIR = config
})

it("reads damaged transcripts as the SDK's own reader does, which the older reader does not", async () => {
  const root = mkdtempSync(join(tmpdir(), 'leftoff-readers-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const { differences, olderDifferences, counts } = await compareReaders({
    root,
    firstSeed: 1,
    isEnough: ({ sessions }) => sessions === 400,
    older: await olderReader(join(root, 'older')),
  })
  expect(differences[0]).toBeUndefined()
  expect(olderDifferences).toBeGreaterThan(0)
  for (const [name, count] of counts) expect([name, count]).toEqual([name, expect.toSatisfy((n: number) => n > 0)])
}, 120_000)

import { expect, it } from 'vitest'
import * as reader from '../../src/agents/claude/index.js'
import { readWhileSwapped } from './swapped-folder.js'

// 20,000 rounds, beside the older reader: `npm run test:claude -- soak`.
it("shows nothing of another workspace while a folder is swapped for a link to that workspace's", async () => {
  const [seen] = await readWhileSwapped([reader], 300)
  expect(seen).toMatchObject({ foreignMessages: 0, foreignIds: 0 })
  expect(seen?.rounds).toBeGreaterThanOrEqual(300)
  expect(seen?.own).toBeGreaterThan(0)
}, 60_000)

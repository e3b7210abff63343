import { describe, expect, it } from 'vitest'
import { foundScenes } from './found/index.js'
import { isOpen } from './known-faults.js'
import { isQuietSceneKept, replayFound } from './replay-found.js'

describe('what random tabs, users and failures once found', () => {
  it('needs failures: a quiet day keeps everything', async () => {
    expect(await isQuietSceneKept()).toBe(true)
  })

  for (const found of foundScenes) {
    // An open fault shows as it did, so that mending it is seen here; anything else fails at once.
    it(isOpen(found.fault) ? `open fault ${found.fault}: not yet: ${found.title}` : found.title, async () => {
      const { isFound, unexplained } = await replayFound(found)
      expect({ isFound, unexplained }).toEqual({ isFound: isOpen(found.fault), unexplained: [] })
    })
  }
})

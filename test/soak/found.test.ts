import { describe, expect, it } from 'vitest'
import { foundScenes } from './found/index.js'
import { isQuietSceneKept, replayFound } from './replay-found.js'

describe('what random tabs, users and failures once found', () => {
  it('needs failures: a quiet day keeps everything', async () => {
    expect(await isQuietSceneKept()).toBe(true)
  })

  for (const found of foundScenes) {
    it(found.title, async () => {
      expect((await replayFound(found)).violations).toEqual([])
    })
  }
})

import { afterAll, beforeAll, describe } from 'vitest'
import { httpConformance } from './http-conformance.js'
import { sessionWorld } from './session-world.js'

let world: Awaited<ReturnType<typeof sessionWorld>>
beforeAll(async () => {
  world = await sessionWorld()
})
afterAll(() => world.stop())

describe('httpAdapter, whose server restarts between calls', () => {
  httpConformance(() => world)
})

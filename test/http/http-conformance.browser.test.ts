import { afterAll, beforeAll, describe } from 'vitest'
import { commands } from 'vitest/browser'
import { httpConformance } from './http-conformance.js'

let url = ''
beforeAll(async () => {
  url = await commands.startSessionServer()
})
afterAll(() => commands.stopSessionServer())

describe('httpAdapter in Chromium, whose server restarts between calls', () => {
  httpConformance(() => ({
    url,
    restart: commands.restartSessionServer,
    reset: commands.resetSessionServer,
    plantNewer: commands.plantNewerSession,
  }))
})

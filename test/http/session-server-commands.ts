import type { BrowserCommand } from 'vitest/node'
import { sessionWorld } from './session-world.js'

// A server for tests that run in a browser, which can start none. It lives in Vitest's own process.

let world: ReturnType<typeof sessionWorld> | undefined

const start: BrowserCommand<[]> = async () => {
  world ??= sessionWorld()
  return (await world).url
}
const restart: BrowserCommand<[]> = async () => (await world)?.restart()
const reset: BrowserCommand<[]> = async () => (await world)?.reset()
const plantNewer: BrowserCommand<[userId: string, conversationId: string]> = async (_, userId, conversationId) =>
  (await world)?.plantNewer(userId, conversationId)
const stop: BrowserCommand<[]> = async () => {
  await (await world)?.stop()
  world = undefined
}

/** The commands by their names in `commands` of `vitest/browser`. */
export const sessionServerCommands = {
  startSessionServer: start,
  restartSessionServer: restart,
  resetSessionServer: reset,
  plantNewerSession: plantNewer,
  stopSessionServer: stop,
}

declare module 'vitest/internal/browser' {
  interface BrowserCommands {
    startSessionServer: () => Promise<string>
    restartSessionServer: () => Promise<void>
    resetSessionServer: () => Promise<void>
    plantNewerSession: (userId: string, conversationId: string) => Promise<void>
    stopSessionServer: () => Promise<void>
  }
}

import type { BrowserCommand, BrowserCommandContext } from 'vitest/node'
import { sessionWorld } from './session-world.js'

// A server for tests that run in a browser, which can start none. It lives in Vitest's own process, one for each file of tests.

const worlds = new Map<string | undefined, ReturnType<typeof sessionWorld>>()

function worldOf({ testPath }: BrowserCommandContext): ReturnType<typeof sessionWorld> {
  const world = worlds.get(testPath) ?? sessionWorld()
  worlds.set(testPath, world)
  return world
}

const start: BrowserCommand<[]> = async (file) => (await worldOf(file)).url
const restart: BrowserCommand<[]> = async (file) => (await worldOf(file)).restart()
const reset: BrowserCommand<[]> = async (file) => (await worldOf(file)).reset()
const plantNewer: BrowserCommand<[userId: string, conversationId: string]> = async (file, userId, conversationId) =>
  (await worldOf(file)).plantNewer(userId, conversationId)
const stop: BrowserCommand<[]> = async (file) => {
  await (await worldOf(file)).stop()
  worlds.delete(file.testPath)
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

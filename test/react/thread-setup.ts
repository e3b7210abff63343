import { onTestFinished } from 'vitest'
import { createSessionStore, createTurnClient, memoryAdapter } from '../../src/index.js'
import { createThread } from '../../src/react/thread.js'
import type { LoadedMessage } from '../../src/react/thread-state.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { turnServer } from '../turns/turn-server.js'

/** Pages of one tab, on one server that stores messages. */
export async function setUpThread({ wordMs = 1_000 } = {}) {
  const clock = manualClock({ now: 1_800_000_000_000 })
  const server = turnServer(clock, { wordMs })
  const adapter = memoryAdapter()
  const profile = fakeBrowser()
  let tab = profile.openTab()
  const gates: { follow?: Promise<void>; load?: Promise<void> } = {}
  const shown: string[][] = []

  async function open({
    loads = async (): Promise<readonly LoadedMessage[]> => structuredClone(server.messages),
    at = tab,
    conversationId: linked = undefined as string | undefined,
  } = {}) {
    const { browser } = at
    const store = createSessionStore({ adapter, browser, clock, userId: 'u', snapshot: false })
    const opening = store.initConversation('w', linked === undefined ? {} : { conversationId: linked })
    await clock.advance(1_000)
    const conversation = { userId: 'u', workspace: 'w', conversationId: await opening }
    const client = createTurnClient({
      api: '/api/turn',
      clock,
      browser,
      async fetch(url, init) {
        const answer = await server.fetch(url, init)
        if (init.method === undefined) await gates.follow
        return answer
      },
    })
    const thread = createThread(client, conversation, store, clock)
    thread.subscribe(() => shown.push(thread.getView().messages.map(({ id }) => id)))
    const close = thread.open(async () => {
      const messages = await loads()
      await gates.load
      return messages
    })
    onTestFinished(() => store.dispose())
    return { store, thread, conversation, close, tab: at, view: () => thread.getView() }
  }

  return {
    clock,
    server,
    gates,
    shown,
    open,
    tab: () => tab,
    /** Another tab of the browser. */
    openTab: () => profile.openTab(),
    async reload(options?: Parameters<typeof open>[0]) {
      tab = tab.reload()
      return open(options)
    },
  }
}

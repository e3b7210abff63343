import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { describe } from 'vitest'
import { SessionHistory, SessionProvider, useConversationSession } from '../../src/react/index.js'
import { openWorld, type Page } from './driver.js'
import { fault } from './fault.js'

/** Renders a page while `run` runs. */
async function rendered<T>(
  page: ReactNode,
  run: (shown: HTMLElement, render: (page: ReactNode) => void) => Promise<T>,
): Promise<T> {
  const container = document.body.appendChild(document.createElement('div'))
  // A render that throws leaves an empty page, which is what the test checks.
  const root = createRoot(container, { onUncaughtError: () => {} })
  root.render(page)
  try {
    return await run(container, (next) => root.render(next))
  } finally {
    root.unmount()
    container.remove()
  }
}

type World = ReturnType<typeof openWorld>

/** Advances time and lets React render. */
async function settled(world: World, ms = 10_000): Promise<void> {
  for (let step = 0; step < 20; step++) {
    await world.pass(ms / 20)
    await new Promise((resolve) => setTimeout(resolve))
  }
}

const provided = ({ store }: Page, children: ReactNode) => <SessionProvider store={store}>{children}</SessionProvider>

describe('a page of React', () => {
  fault('S24c', {
    title: 'shows a conversation in each of two workspaces under one provider',
    async run() {
      function Panel({ workspace }: { workspace: string }): ReactNode {
        const { isInitialized } = useConversationSession(workspace)
        return <p id={workspace}>{isInitialized ? 'open' : 'Opening …'}</p>
      }
      const world = openWorld()
      const page = provided(
        world.openPage(),
        <>
          <Panel workspace="left" />
          <Panel workspace="right" />
        </>,
      )
      return rendered(page, async (shown) => {
        await settled(world)
        return [...shown.querySelectorAll('p')].map(({ textContent }) => textContent ?? '')
      })
    },
    seen: ['Opening …', 'open'],
    right: ['open', 'open'],
  })

  fault('S28', {
    title: 'shows its history even if a stored time is beyond any date',
    async run() {
      const world = openWorld()
      world.plantRow({ conversationId: 'c1', messageCount: 1, lastActivity: 9e15 })
      const page = world.openPage()
      await page.opened('w')
      return rendered(provided(page, <SessionHistory workspace="w" />), async (shown) => {
        await settled(world)
        return shown.querySelector('section') ? 'shown' : 'blank'
      })
    },
    seen: 'blank',
    right: 'shown',
  })

  fault('S34', {
    title: 'counts a message in the conversation that opens, not in the first one',
    async run() {
      const world = openWorld()
      let say = (): void => {}
      function Chat({ workspace }: { workspace: string }): ReactNode {
        const { recordMessage } = useConversationSession(workspace)
        say = () => recordMessage({ role: 'user', text: 'said while it opens' })
        return null
      }
      const page = world.openPage()
      return rendered(null, async (_shown, render) => {
        const show = (workspace: string) => render(provided(page, <Chat workspace={workspace} />))
        show('w')
        await settled(world)
        const first = page.current()
        page.say('hello')
        await settled(world)
        const second = page.begin('w')
        page.say('hello')
        await settled(world)
        show('other')
        await settled(world)
        page.faults.list = { takesMs: 1_000 }
        show('w')
        await settled(world, 500)
        say()
        await settled(world)
        const [row] = (await world.rows()).filter(({ preview }) => preview === 'said while it opens')
        if (row?.id === first) return 'its first'
        return row?.id === second ? 'the one that opened' : 'none'
      })
    },
    seen: 'its first',
    right: 'the one that opened',
  })
})

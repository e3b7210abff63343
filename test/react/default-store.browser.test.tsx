import { type ReactNode, useState } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { afterAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { createSessionStore, localStorageAdapter, type SessionStore } from '../../src/index.js'
import { SessionHistory, useConversationId, useConversationSession, useSessionActions } from '../../src/react/index.js'
import { useSessionStore } from '../../src/react/session-context.js'
import { until } from '../support/until.js'
import { Chat } from './chat.js'

// The one file with components outside of a provider, as files share the page: its store is opened by the first test and ended by the last.
let pageStore: SessionStore | undefined
afterAll(() => pageStore?.dispose())

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})

const key = 'claude-session-storage'

/** What older code and DevTools read. */
function snapshot() {
  const { sessions, currentConversationId, currentWorkspace, state, version } = JSON.parse(
    localStorage.getItem(key) ?? '{}',
  )
  return { sessions, currentConversationId, currentWorkspace, state, version }
}

/** A page of the seed: no provider, and `mounted` from its own state. */
function SeedPage({ switchTo }: { switchTo: string }): ReactNode {
  pageStore = useSessionStore()
  const [mounted, setMounted] = useState(false)
  const { conversationId, isInitialized, isResumed, startNewConversation, recordMessage } = useConversationSession(
    'demo.alive.best',
    mounted,
  )
  const { switchConversation } = useSessionActions()
  return (
    <main data-initialized={isInitialized} data-resumed={isResumed} data-conversation={conversationId}>
      <button type="button" id="mount" onClick={() => setMounted(true)} />
      <button type="button" id="say" onClick={() => recordMessage({ role: 'user', text: 'hello again' })} />
      <button type="button" id="new" onClick={startNewConversation} />
      <button type="button" id="back" onClick={() => void switchConversation(switchTo)} />
    </main>
  )
}

it('the seed’s page resumes where it was, and its older code still finds the current ids', async () => {
  const blob = JSON.stringify({
    state: {
      sessions: [
        { conversationId: 'older', workspace: 'demo.alive.best', lastActivity: Date.now() - 60_000 },
        { conversationId: 'current', workspace: 'demo.alive.best', lastActivity: Date.now() - 90_000 },
      ],
      currentConversationId: 'current',
      currentWorkspace: 'demo.alive.best',
    },
    version: 0,
  })
  localStorage.setItem(key, blob)
  const container = document.body.appendChild(document.createElement('div'))
  const root = createRoot(container)
  root.render(<SeedPage switchTo="current" />)
  const main = () => container.querySelector('main')?.dataset ?? {}
  const click = (id: string) => container.querySelector<HTMLButtonElement>(`#${id}`)?.click()

  await until(() => expect(main().initialized).toBe('false'))
  click('mount')
  await until(() => expect(main().initialized).toBe('true'))
  expect(main()).toMatchObject({ conversation: 'current', resumed: 'true' })
  expect(localStorage.getItem(key), 'opening writes no snapshot').toBe(blob)

  click('say')
  await until(() => expect(snapshot()).toMatchObject({ version: 0, currentConversationId: 'current' }))
  expect(snapshot()).toMatchObject({
    currentWorkspace: 'demo.alive.best',
    sessions: [
      { conversationId: 'current', workspace: 'demo.alive.best', lastActivity: expect.any(Number) },
      { conversationId: 'older', workspace: 'demo.alive.best', lastActivity: expect.any(Number) },
    ],
    state: { currentConversationId: 'current', currentWorkspace: 'demo.alive.best', sessions: expect.any(Array) },
  })

  click('new')
  await until(() => expect(main().conversation).not.toBe('current'))
  expect(snapshot()).toMatchObject({ currentConversationId: main().conversation, state: snapshotState() })
  click('back')
  await until(() => expect(main().conversation).toBe('current'))
  await until(() => expect(snapshot().currentConversationId).toBe('current'))
  root.unmount()

  function snapshotState() {
    return { currentConversationId: main().conversation, currentWorkspace: 'demo.alive.best' }
  }
})

it('hydration gives no warning with the default store, although that is open already', async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => errors.mockRestore())
  const container = document.body.appendChild(document.createElement('div'))
  const opener = createRoot(container)
  opener.render(<Chat workspace="w" />)
  await until(() => expect(container.querySelector('main')?.dataset.initialized).toBe('true'))
  opener.unmount()

  const recovered: unknown[] = []
  const server = createSessionStore({ adapter: localStorageAdapter() }).getInitialState()
  expect(server.status).toBe('idle')
  container.innerHTML = '<code></code>'
  const root = hydrateRoot(container, <HydratedId />, { onRecoverableError: (error) => recovered.push(error) })
  await until(() => expect(container.textContent).toMatch(/^[0-9a-f-]{36}$/))
  root.unmount()
  container.remove()
  expect(recovered).toEqual([])
  expect(errors).not.toHaveBeenCalled()
})

it('SessionHistory and the hooks share the page’s store', async () => {
  const container = document.body.appendChild(document.createElement('div'))
  const root = createRoot(container)
  root.render(
    <>
      <Chat workspace="w" />
      <SessionHistory workspace="w" />
    </>,
  )
  const text = (selector: string) => container.querySelector(selector)?.textContent
  await until(() => expect(text('#conversation')).toMatch(/^[0-9a-f-]{36}$/))
  container.querySelector<HTMLButtonElement>('#say')?.click()
  await until(() => expect(text('.leftoff-history-title')).toBe('hello'))
  expect(container.querySelector(`[data-conversation-id="${text('#conversation')}"]`)).not.toBeNull()
  root.unmount()
  container.remove()
})

function HydratedId(): ReactNode {
  return <code>{useConversationId()}</code>
}

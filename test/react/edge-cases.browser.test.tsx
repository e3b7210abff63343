import { Activity, Component, type ReactNode, StrictMode, useEffect, useState } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createSessionStore, memoryAdapter } from '../../src/index.js'
import { SessionProvider, useConversationSession, useSessions } from '../../src/react/index.js'
import { until } from '../support/until.js'

let root: Root | undefined
let container: HTMLElement
beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  container = document.body.appendChild(document.createElement('div'))
})
afterEach(async () => {
  root?.unmount()
  container.remove()
  await tick()
})
const tick = (ms = 0) => new Promise((r) => setTimeout(r, ms))
class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {}
  static getDerivedStateFromError(error: Error) {
    return { error }
  }
  override render() {
    return this.state.error ? <p id="crash">{String(this.state.error)}</p> : this.props.children
  }
}
const q = (s: string) => container.querySelector<HTMLElement>(s)

it('markActivity opens nothing while mounted is false', async () => {
  const store = createSessionStore({ adapter: memoryAdapter(), snapshot: false })
  function Probe() {
    const { markActivity } = useConversationSession('w', false)
    useEffect(() => markActivity(), [markActivity])
    return <p />
  }
  root = createRoot(container)
  root.render(
    <SessionProvider store={store}>
      <Probe />
    </SessionProvider>,
  )
  await tick(100)
  expect(store.getState().status).toBe('idle')
})

it('a handler taken before the opening does not switch the page back to its workspace', async () => {
  const store = createSessionStore({ adapter: memoryAdapter(), snapshot: false })
  let captured: (() => void) | undefined
  function Probe({ workspace }: { workspace: string }) {
    const { isInitialized, recordMessage } = useConversationSession(workspace)
    captured ??= () => recordMessage({ role: 'assistant', text: 'the late answer' })
    return <main data-initialized={isInitialized} />
  }
  root = createRoot(container)
  const page = (w: string) => (
    <SessionProvider store={store}>
      <Probe workspace={w} />
    </SessionProvider>
  )
  root.render(page('a'))
  await until(() => expect(q('main')?.dataset.initialized).toBe('true'))
  root.render(page('b'))
  await tick(50)
  expect(q('main')?.dataset.initialized).toBe('true')
  captured?.()
  await tick(100)
  expect.soft(store.getState().currentWorkspace).toBe('b')
  expect(q('main')?.dataset.initialized).toBe('true')
})

it('marking activity in an effect survives Activity hiding and showing the page', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  function Probe() {
    const { isInitialized, markActivity } = useConversationSession('w')
    useEffect(() => markActivity(), [markActivity])
    return <main data-initialized={isInitialized} />
  }
  let setMode: (m: 'hidden' | 'visible') => void = () => {}
  function Page() {
    const [mode, set] = useState<'hidden' | 'visible'>('visible')
    setMode = set
    return (
      <Boundary>
        <Activity mode={mode}>
          <SessionProvider>
            <Probe />
          </SessionProvider>
        </Activity>
      </Boundary>
    )
  }
  root = createRoot(container)
  root.render(<Page />)
  await until(() => expect(q('main')?.dataset.initialized).toBe('true'))
  setMode('hidden')
  await tick(50)
  setMode('visible')
  await tick(100)
  vi.restoreAllMocks()
  expect(q('#crash')?.textContent).toBeUndefined()
})

it('a handler taken before the opening of a link does not leave a New chat', async () => {
  const store = createSessionStore({ adapter: memoryAdapter(), snapshot: false })
  let captured: (() => void) | undefined
  function Probe() {
    const { isInitialized, recordMessage } = useConversationSession('w', {
      conversationId: 'linked',
      createUnknown: true,
    })
    captured ??= () => recordMessage({ role: 'assistant', text: 'the late answer' })
    return <main data-initialized={isInitialized} />
  }
  root = createRoot(container)
  root.render(
    <SessionProvider store={store}>
      <Probe />
    </SessionProvider>,
  )
  await until(() => expect(q('main')?.dataset.initialized).toBe('true'))
  store.recordMessage({ role: 'user', text: 'question' })
  const id = store.newConversation()
  captured?.()
  await tick(100)
  expect(store.getState().currentConversationId).toBe(id)
})

it('hands an over-long workspace, such as from a URL, to the nearest error boundary', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  function Probe() {
    useConversationSession('x'.repeat(600))
    return <main />
  }
  root = createRoot(container)
  root.render(
    <SessionProvider>
      <Boundary>
        <Probe />
      </Boundary>
    </SessionProvider>,
  )
  await until(() => expect(q('#crash')?.textContent).toContain('workspace'))
  vi.restoreAllMocks()
})

it('keeps its conversation, and forgets what the server knew, when Activity hides and shows its provider', async () => {
  const adapter = memoryAdapter()
  const stale = {
    conversationId: 'stale',
    workspace: 'w',
    userId: '',
    startedAt: 1,
    lastActivity: 1,
    messageCount: 1,
  }
  const shown: string[][] = []
  function Probe() {
    const { conversationId, recordMessage } = useConversationSession('w')
    const sessions = useSessions('w').map((session) => session.conversationId)
    shown.push(sessions)
    return (
      <main data-conversation={conversationId}>
        <button type="button" onClick={() => recordMessage({ role: 'user', text: 'hello' })} />
        <p>{sessions.length}</p>
      </main>
    )
  }
  const page = (mode: 'hidden' | 'visible') => (
    <StrictMode>
      <Activity mode={mode}>
        <SessionProvider adapter={adapter} initialState={{ sessions: [stale] }}>
          <Probe />
        </SessionProvider>
      </Activity>
    </StrictMode>
  )
  root = createRoot(container)
  root.render(page('visible'))
  await until(() => expect(q('main')?.dataset.conversation).toBeDefined())
  const id = q('main')?.dataset.conversation
  expect(shown[0]).toEqual(['stale'])
  q('button')?.click()
  await until(() => expect(shown.at(-1)).toEqual([id]))
  root.render(page('hidden'))
  await tick() // in which the hidden provider's store is disposed
  await tick()
  shown.length = 0
  root.render(page('visible'))
  await until(() => expect(shown.at(-1)).toEqual([id]))
  expect(shown.flat()).not.toContain('stale')
  expect(q('main')?.dataset.conversation).toBe(id)
})

import { type ReactNode, StrictMode, useLayoutEffect, useState } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createSessionStore,
  localStorageAdapter,
  memoryAdapter,
  type SessionAdapter,
  type SessionStore,
} from '../../src/index.js'
import {
  NewChatButton,
  SessionHistory,
  SessionProvider,
  useConversationId,
  useConversationSession,
  useSessionActions,
  useSessionEvent,
  useSessions,
} from '../../src/react/index.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { until } from '../support/until.js'
import { Chat } from './chat.js'

let root: Root | undefined
let container: HTMLElement
let errors: unknown[][]

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  container = document.body.appendChild(document.createElement('div'))
  errors = []
  vi.spyOn(console, 'error').mockImplementation((...args) => {
    // Said by React 18 only, and only here, where a page is rendered for the server in a browser.
    if (!String(args[0]).includes('useLayoutEffect does nothing on the server')) errors.push(args)
  })
})

afterEach(async () => {
  root?.unmount()
  container.remove()
  await nextTask() // in which a provider's store is disposed, and saves what is left
  vi.restoreAllMocks()
  expect(errors).toEqual([])
})

function show(page: ReactNode): void {
  root = createRoot(container)
  root.render(page)
}

const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

/** What stands in the element with this id. */
const text = (id: string): string => container.querySelector(`#${id}`)?.textContent ?? ''
const click = (id: string): void => container.querySelector<HTMLButtonElement>(`#${id}`)?.click()
const initialized = (): Promise<void> =>
  until(() => expect(container.querySelector('main')?.dataset.initialized).toBe('true'))

/** The keys of conversations in localStorage. */
const rows = (): string[] => Object.keys(localStorage).filter((key) => key.includes('/part/'))
const pageStore = (): SessionStore => createSessionStore({ adapter: localStorageAdapter() })

describe('hydration', () => {
  it('gives no warning, also with sessions in storage, and opens afterwards', async () => {
    const store = pageStore()
    await store.initConversation('w')
    store.recordMessage({ role: 'user', text: 'from yesterday' })
    await store.dispose()

    const page = (
      <StrictMode>
        <SessionProvider>
          <Chat workspace="w" />
        </SessionProvider>
      </StrictMode>
    )
    container.innerHTML = renderToString(page)
    const recovered: unknown[] = []
    root = hydrateRoot(container, page, { onRecoverableError: (error) => recovered.push(error) })
    await initialized()
    await until(() => expect(container.textContent).toContain('from yesterday (1)'))
    expect(container.querySelector('main')?.dataset.resumed).toBe('true')
    expect(recovered).toEqual([])
  })
})

describe('initialState', () => {
  it('is in the server’s HTML and in the first client render, until storage says more', async () => {
    const store = pageStore()
    const id = await store.initConversation('w')
    store.recordMessage({ role: 'user', text: 'from yesterday' })
    await store.flush()
    const sessions = [...store.getState().sessions]
    store.recordMessage({ role: 'assistant', text: 'and its answer' })
    await store.dispose()

    const shown: string[] = []
    const page = (
      <StrictMode>
        <SessionProvider initialState={{ sessions }}>
          <SessionHistory workspace="w" />
          <Chat workspace="w" />
        </SessionProvider>
      </StrictMode>
    )
    container.innerHTML = renderToString(page)
    const part = (name: string) =>
      container.querySelector(`[data-conversation-id="${id}"] .leftoff-history-${name}`)?.textContent?.trim() ?? ''
    const preview = () => part('preview')
    expect([part('title'), preview()]).toEqual(['from yesterday', ''])
    expect(container.querySelector('time')?.textContent).toBe('')
    const observer = new MutationObserver(() => shown.push(preview()))
    observer.observe(container, { subtree: true, childList: true, characterData: true, attributes: true })
    const recovered: unknown[] = []
    root = hydrateRoot(container, page, { onRecoverableError: (error) => recovered.push(error) })
    await initialized()
    await until(() => expect(preview()).toBe('and its answer'))
    observer.disconnect()
    expect(container.querySelector('time')?.textContent).toBe('just now')
    expect([...new Set(shown)]).toEqual(['', 'and its answer'])
    expect(recovered).toEqual([])
  })
})

describe('Strict Mode', () => {
  it('makes one conversation', async () => {
    let created = 0
    const createId = () => `id-${++created}`
    show(
      <StrictMode>
        <SessionProvider createId={createId}>
          <Chat workspace="w" />
        </SessionProvider>
      </StrictMode>,
    )
    await initialized()
    const id = text('conversation')
    click('say')
    await until(() => expect(rows()).toHaveLength(1))
    expect(text('conversation')).toBe(id)
    expect(id).toBe('id-1')
    expect([text('current'), text('workspace')]).toEqual([id, 'w'])
  })

  it('keeps the provider’s store alive through the double effect', async () => {
    show(
      <StrictMode>
        <SessionProvider>
          <Chat workspace="w" />
        </SessionProvider>
      </StrictMode>,
    )
    await initialized()
    await nextTask() // in which a store would be disposed
    click('say')
    await until(() => expect(container.textContent).toContain('hello (1)'))
  })
})

describe('useConversationSession', () => {
  it('does nothing while the workspace is empty or mounted is false', async () => {
    const results: unknown[] = []
    function Probe({ workspace, mounted }: { workspace: string | null; mounted: boolean }): ReactNode {
      const { isInitialized, conversationId } = useConversationSession(workspace, mounted)
      results.push(conversationId)
      return <main data-initialized={isInitialized} />
    }
    const store = pageStore()
    const page = (workspace: string | null, mounted: boolean) => (
      <SessionProvider store={store}>
        <Probe workspace={workspace} mounted={mounted} />
      </SessionProvider>
    )
    show(page(null, true))
    root?.render(page('w', false))
    await nextTask()
    expect(store.getState().status).toBe('idle')
    root?.render(page('w', true))
    await initialized()
    expect(results.at(-1)).toBe(store.getState().currentConversationId)
  })

  it('never shows one workspace’s conversation as another’s', async () => {
    const seen: [string, string | undefined][] = []
    function Probe({ workspace }: { workspace: string }): ReactNode {
      const { isInitialized, conversationId } = useConversationSession(workspace)
      seen.push([workspace, conversationId])
      return <main data-initialized={isInitialized} />
    }
    function Page(): ReactNode {
      const [workspace, setWorkspace] = useState('a')
      return (
        <SessionProvider>
          <button type="button" id="b" onClick={() => setWorkspace('b')} />
          <Probe workspace={workspace} />
        </SessionProvider>
      )
    }
    show(<Page />)
    await initialized()
    click('b')
    await until(() => expect(seen.at(-1)).toEqual(['b', expect.any(String)]))
    const idsOf = (name: string) =>
      new Set(seen.filter(([workspace, id]) => workspace === name && id).map(([, id]) => id))
    expect(idsOf('a').size).toBe(1)
    expect(idsOf('b').size).toBe(1)
    expect([...idsOf('a')]).not.toEqual([...idsOf('b')])
  })

  it('opens the conversation that the app gives, and reports each that becomes current', async () => {
    const told: string[] = []
    const tell = (id: string) => told.push(id)
    function Probe({ asked }: { asked: string }): ReactNode {
      const { conversationId, isInitialized } = useConversationSession('w', {
        conversationId: asked,
        createUnknown: true,
        onConversationIdChange: tell,
      })
      return (
        <main data-initialized={isInitialized}>
          <code id="conversation">{conversationId}</code>
          <NewChatButton id="new" />
        </main>
      )
    }
    show(
      <SessionProvider>
        <Probe asked="given" />
      </SessionProvider>,
    )
    await initialized()
    expect(text('conversation')).toBe('given')
    click('new')
    await until(() => expect(text('conversation')).not.toBe('given'))
    expect(told).toEqual(['given', text('conversation')])
  })

  it('is never without a conversation when a new one’s id comes back as the one asked for', async () => {
    const seen: (string | undefined)[] = []
    function Probe(): ReactNode {
      const [asked, setAsked] = useState<string>() // as a router would: from the URL, and into it
      const { conversationId, isInitialized } = useConversationSession('w', {
        ...(asked !== undefined && { conversationId: asked }),
        onConversationIdChange: setAsked,
      })
      seen.push(conversationId)
      return (
        <main data-initialized={isInitialized}>
          <code id="conversation">{conversationId}</code>
          <code id="asked">{asked}</code>
          <NewChatButton id="new" />
        </main>
      )
    }
    show(
      <StrictMode>
        <SessionProvider>
          <Probe />
        </SessionProvider>
      </StrictMode>,
    )
    await initialized()
    const first = text('conversation')
    await until(() => expect(text('asked')).toBe(first))
    click('new')
    await until(() => expect(text('asked')).not.toBe(first))
    await nextTask()
    expect(text('asked')).toBe(text('conversation'))
    const ids = seen.slice(seen.indexOf(first))
    expect([...new Set(ids)]).toEqual([first, text('conversation')])
  })

  it('keeps what is begun before React has seen that the id of the one before came back', async () => {
    const seen: (string | undefined)[] = []
    let isBegun = false
    function Probe(): ReactNode {
      const [asked, setAsked] = useState<string>()
      const { conversationId, startNewConversation } = useConversationSession('w', {
        ...(asked !== undefined && { conversationId: asked }),
        onConversationIdChange: setAsked,
      })
      seen.push(conversationId)
      // Runs before the effects of the same render, as a click may.
      useLayoutEffect(() => {
        if (asked === undefined || isBegun) return
        isBegun = true
        setBegun(startNewConversation())
      }, [asked, startNewConversation])
      const [begun, setBegun] = useState<string>()
      return (
        <main>
          <code id="conversation">{conversationId}</code>
          <code id="asked">{asked}</code>
          <code id="begun">{begun}</code>
        </main>
      )
    }
    show(
      <SessionProvider>
        <Probe />
      </SessionProvider>,
    )
    await until(() => expect(text('begun')).not.toBe(''))
    await until(() => expect(text('asked')).toBe(text('begun')))
    await nextTask()
    expect(text('conversation')).toBe(text('begun'))
    expect(seen.slice(seen.findIndex(Boolean))).not.toContain(undefined)
  })

  it('shows an open conversation from the first render on', async () => {
    const store = pageStore()
    const id = await store.initConversation('w')
    const seen: (string | undefined)[] = []
    function Probe({ asked }: { asked?: string }): ReactNode {
      const { conversationId } = useConversationSession('w', { conversationId: asked, createUnknown: true })
      seen.push(conversationId)
      return <code id="conversation">{conversationId}</code>
    }
    const page = (probe: ReactNode) => <SessionProvider store={store}>{probe}</SessionProvider>
    show(page(<Probe key="resumed" />))
    await until(() => expect(text('conversation')).toBe(id))
    root?.render(page(<Probe key="linked" asked={id} />))
    await nextTask()
    root?.render(page(<Probe key="other" asked="another" />))
    await until(() => expect(text('conversation')).toBe('another'))
    expect([...new Set(seen)]).toEqual([id, undefined, 'another'])
  })

  it('records into the conversation that the render showed, even after New chat', async () => {
    let sayInFirst = (): void => {}
    function Probe(): ReactNode {
      const { conversationId, isInitialized, recordMessage, startNewConversation } = useConversationSession('w')
      const [first, setFirst] = useState<string>()
      if (conversationId !== undefined && first === undefined) {
        setFirst(conversationId)
        sayInFirst = () => recordMessage({ role: 'assistant', text: 'a late answer' })
      }
      const sessions = useSessions('w')
      return (
        <main data-initialized={isInitialized}>
          <button type="button" id="new" onClick={startNewConversation} />
          <code id="late">{sessions.find((session) => session.conversationId === first)?.lastMessagePreview}</code>
          <code id="count">{sessions.length}</code>
        </main>
      )
    }
    show(
      <SessionProvider>
        <Probe />
      </SessionProvider>,
    )
    await initialized()
    sayInFirst()
    await until(() => expect(text('count')).toBe('1'))
    click('new')
    await nextTask()
    sayInFirst()
    await until(() => expect(text('late')).toBe('a late answer'))
  })

  it('keeps what was recorded before the conversation was open, in the workspace it was said in', async () => {
    const memory = memoryAdapter()
    let answer = (): void => {}
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    // Opening `w` waits until the test lets it go on.
    const adapter: SessionAdapter = {
      ...memory,
      async list(userId, query) {
        if (query.workspace === 'w') await asked
        return memory.list(userId, query)
      },
    }
    const store = createSessionStore({ adapter })
    await store.initConversation('elsewhere')
    function Probe(): ReactNode {
      const { isInitialized, recordMessage } = useConversationSession('w')
      return (
        <main data-initialized={isInitialized}>
          <button type="button" id="say" onClick={() => recordMessage({ role: 'user', text: 'early' })} />
        </main>
      )
    }
    show(
      <SessionProvider store={store}>
        <Probe />
      </SessionProvider>,
    )
    await until(() => expect(store.getState().status).toBe('opening'))
    click('say')
    answer()
    await initialized()
    await until(() => expect(store.getState().sessions).toMatchObject([{ workspace: 'w', messageCount: 1 }]))
  })
})

describe('rendering', () => {
  it('renders a component that reads only the id once for 1,000 activity updates', async () => {
    const store = pageStore()
    let renders = 0
    function Probe(): ReactNode {
      renders++
      return <code id="current">{useConversationId()}</code>
    }
    const id = await store.initConversation('w')
    show(
      <SessionProvider store={store}>
        <Probe />
      </SessionProvider>,
    )
    await until(() => expect(text('current')).toBe(id))
    const before = renders
    for (let count = 0; count < 1_000; count++) store.updateActivity()
    await nextTask()
    expect(renders).toBe(before)
  })

  it('gives the same actions in each render', async () => {
    const seen = new Set<unknown>()
    function Probe(): ReactNode {
      const [count, setCount] = useState(0)
      seen.add(useSessionActions())
      return (
        <button type="button" id="again" onClick={() => setCount(count + 1)}>
          {count}
        </button>
      )
    }
    show(
      <SessionProvider>
        <Probe />
      </SessionProvider>,
    )
    await until(() => expect(text('again')).toBe('0'))
    click('again')
    await until(() => expect(text('again')).toBe('1'))
    expect(seen.size).toBe(1)
  })
})

describe('NewChatButton', () => {
  it('is a button with every prop, disabled until a conversation is open', async () => {
    const begun: string[] = []
    const refs: (HTMLButtonElement | null)[] = []
    show(
      <SessionProvider>
        <NewChatButton
          id="new"
          className="mine"
          aria-label="Begin"
          onNewConversation={(id) => begun.push(id)}
          workspace="w"
          ref={(element) => {
            refs.push(element)
          }}
        >
          Begin
        </NewChatButton>
        <Opener />
      </SessionProvider>,
    )
    await until(() => expect(container.querySelector('#new')).not.toBeNull())
    const button = () => container.querySelector<HTMLButtonElement>('#new')
    expect(button()?.disabled).toBe(true)
    expect(button()?.className).toBe('mine')
    expect(refs).toContain(button())
    expect(button()?.type).toBe('button')
    click('open')
    await until(() => expect(button()?.disabled).toBe(false))
    click('new')
    expect(begun).toHaveLength(1)
  })
})

function Opener(): ReactNode {
  const { initConversation } = useSessionActions()
  return <button type="button" id="open" onClick={() => void initConversation('w')} />
}

describe('useSessionEvent', () => {
  it('reports events while mounted', async () => {
    const told: string[] = []
    const store = pageStore()
    const first = await store.initConversation('a')
    store.recordMessage({ role: 'user', text: 'hello' })
    function Probe(): ReactNode {
      useSessionEvent((event) => told.push(event.type))
      return <p id="probe">listening</p>
    }
    show(
      <SessionProvider store={store}>
        <Probe />
      </SessionProvider>,
    )
    await until(() => expect(text('probe')).toBe('listening'))
    await until(async () => {
      await store.initConversation('b', { conversationId: first })
      expect(told).toContain('conversation-redirected')
    })
    root?.unmount()
    root = undefined
    const count = told.length
    await store.initConversation('c', { conversationId: first })
    expect(told).toHaveLength(count)
  })
})

describe('useSessionEvent, its listener new in each render', () => {
  it('listens once, and calls the newest listener', async () => {
    const store = pageStore()
    let listening = 0
    const counted: SessionStore = {
      ...store,
      on(listener) {
        listening++
        return store.on(listener)
      },
    }
    const told: string[] = []
    function Probe({ turn }: { turn: string }): ReactNode {
      useSessionEvent((event) => told.push(`${turn} ${event.type}`))
      return <p id="probe">{turn}</p>
    }
    const page = (turn: string) => (
      <SessionProvider store={counted}>
        <Probe turn={turn} />
      </SessionProvider>
    )
    show(page('first'))
    await until(() => expect(text('probe')).toBe('first'))
    root?.render(page('second'))
    await until(() => expect(text('probe')).toBe('second'))
    const id = await store.initConversation('w')
    store.recordMessage({ role: 'user', text: 'hello' })
    await store.removeConversation(id)
    await store.initConversation('w', { conversationId: id })
    await until(() => expect(told).toEqual(['second conversation-removed', 'second conversation-redirected']))
    expect(listening).toBe(1)
  })
})

describe('users', () => {
  it('opens once the user is known, shows nothing of one to the next, and opens again for that one', async () => {
    const adapter = memoryAdapter()
    const page = (userId: string | null) => (
      <SessionProvider adapter={adapter} userId={userId}>
        <Chat workspace="w" />
      </SessionProvider>
    )
    root = createRoot(container)
    root.render(page(null))
    await nextTask()
    expect(text('conversation')).toBe('')
    root.render(page('ada'))
    await initialized()
    const ofAda = text('conversation')
    click('say')
    await until(() => expect(container.textContent).toContain('hello (1)'))

    root.render(page('bob'))
    await until(() => expect(text('conversation')).not.toBe(ofAda))
    await initialized()
    expect(container.textContent).not.toContain('hello (1)')
    expect(await adapter.list('bob', { limit: 10 })).toEqual({ sessions: [] })
    root.render(page('ada'))
    await until(() => expect(text('conversation')).toBe(ofAda))
  })
})

describe('the back/forward cache', () => {
  it('brings the page back with its conversation, or watches while another tab has it and takes it when that is closed', async () => {
    const shared = fakeBrowser()
    const adapter = memoryAdapter()
    const tab = shared.openTab()
    const other = (): SessionStore => createSessionStore({ adapter, browser: shared.openTab().browser })
    const status = () => container.querySelector('main')?.dataset.status
    show(
      <StrictMode>
        <SessionProvider adapter={adapter} browser={tab.browser}>
          <Chat workspace="w" />
        </SessionProvider>
      </StrictMode>,
    )
    await initialized()
    const id = text('conversation')
    click('say')
    await until(async () => expect((await adapter.list('', { limit: 1 })).sessions).toHaveLength(1))

    tab.tell('pagehide')
    tab.tell('pageshow')
    await until(() => expect(status()).toBe('ready'))
    expect(text('conversation')).toBe(id)

    tab.tell('pagehide')
    const second = other()
    expect(await second.initConversation('w', { conversationId: id })).toBe(id)
    tab.tell('pageshow')
    await until(() => expect(status()).toBe('watching'))
    expect(text('conversation')).toBe(id)
    await second.dispose()
    await until(() => expect(status()).toBe('ready'))
    expect(text('conversation')).toBe(id)
  })
})

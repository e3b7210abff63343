import { type ReactNode, StrictMode, useState } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { userEvent } from 'vitest/browser'
import { createSessionStore, LeftoffError, memoryAdapter, type SessionStore } from '../../src/index.js'
import { SessionNotice, SessionProvider, useConversationSession } from '../../src/react/index.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'

let root: Root
let container: HTMLElement
let stores: SessionStore[]

beforeEach(() => {
  container = document.body.appendChild(document.createElement('div'))
  root = createRoot(container)
  stores = []
})

afterEach(async () => {
  root.unmount()
  container.remove()
  await Promise.all(stores.map((store) => store.dispose()))
})

const text = (selector: string): string | undefined => container.querySelector(selector)?.textContent?.trim()
const button = (name: string): HTMLButtonElement => {
  const found = [...container.querySelectorAll('button')].find(({ textContent }) => textContent === name)
  if (!found) throw new Error(`There is no button “${name}”.`)
  return found
}

/** Tabs of one browser, whose ids are counted. */
function openTabs() {
  const browser = fakeBrowser()
  const adapter = memoryAdapter()
  let ids = 0
  return (): SessionStore => {
    const store = createSessionStore({
      adapter,
      browser: browser.openTab().browser,
      createId: () => `id-${++ids}`,
      snapshot: false,
    })
    stores.push(store)
    return store
  }
}

/** A page as a router makes it: the address names the conversation, and follows the one that is open. */
function Page({ addresses, start }: { addresses: string[]; start?: string }): ReactNode {
  const [at, setAt] = useState(0)
  const [entries, setEntries] = useState([start])
  addresses.splice(0, addresses.length, ...entries.map((entry) => entry ?? '/'))
  const session = useConversationSession('w', {
    conversationId: entries[at],
    onConversationIdChange: (id, { reason }) => {
      const next = reason === 'chosen' ? at + 1 : at
      setEntries(reason === 'chosen' ? [...entries.slice(0, next), id] : entries.with(at, id))
      setAt(next)
    },
  })
  return (
    <main data-status={session.status}>
      <SessionNotice workspace="w" onTakeOver={() => document.querySelector('textarea')?.focus()} />
      <code id="at">{at}</code>
      <code id="shown">{session.conversationId ?? '…'}</code>
      <textarea readOnly={session.status === 'watching'} />
      <button type="button" onClick={() => session.startNewConversation()}>
        New
      </button>
      <button type="button" onClick={() => session.recordMessage({ role: 'user', text: 'hello' })}>
        Say
      </button>
      <button
        type="button"
        onClick={() => {
          setEntries([...entries.slice(0, at + 1), undefined])
          setAt(at + 1)
        }}
      >
        Home
      </button>
      <button type="button" onClick={() => setAt(at - 1)}>
        Back
      </button>
      <button type="button" onClick={() => setAt(at + 1)}>
        Forward
      </button>
    </main>
  )
}

function show(store: SessionStore, page: ReactNode): void {
  root.render(
    <StrictMode>
      <SessionProvider store={store}>{page}</SessionProvider>
    </StrictMode>,
  )
}

describe('a conversation that another tab has', () => {
  it('is shown with a notice, and used here when the person says so', async () => {
    const openTab = openTabs()
    const other = openTab()
    const id = await other.initConversation('w')
    other.recordMessage({ role: 'user', text: 'hello' })
    await other.flush()

    show(openTab(), <Page addresses={[]} start={id} />)
    await expect.poll(() => text('.leftoff-notice-text')).toBe('This conversation is open in another tab.')
    expect(text('#shown')).toBe(id)
    expect(container.querySelector('textarea')?.readOnly).toBe(true)
    await userEvent.click(button('Use here'))
    await expect.poll(() => container.querySelector('main')?.dataset.status).toBe('ready')
    expect(text('.leftoff-notice')).toBe('')
    expect(document.activeElement).toBe(container.querySelector('textarea'))
    await expect.poll(() => other.stateOf('w')).toMatchObject({ conversationId: id, status: 'watching' })
  })

  it('takes no address: the tab that watches has the same one', async () => {
    const openTab = openTabs()
    const other = openTab()
    const id = await other.initConversation('w')
    const addresses: string[] = []
    other.recordMessage({ role: 'user', text: 'hello' })
    await other.flush()
    show(openTab(), <Page addresses={addresses} start={id} />)
    await expect.poll(() => container.querySelector('main')?.dataset.status).toBe('watching')
    expect(addresses).toEqual([id])
  })
})

it('says that the user signed out in another tab, and opens again when one signs in', async () => {
  const openTab = openTabs()
  const [here, other] = [openTab(), openTab()]
  await Promise.all([here.setUser('ada'), other.setUser('ada')])
  show(here, <Page addresses={[]} />)
  await expect.poll(() => text('#shown')).toMatch(/^id-/)
  await other.initConversation('w')
  await other.signOut({ keepHistory: true })
  await expect.poll(() => text('.leftoff-notice')).toBe('You signed out in another tab.')
  expect(container.querySelector('main')?.dataset.status).toBe('signed-out')
  await here.setUser('ada')
  await expect.poll(() => text('#shown')).toMatch(/^id-/)
  expect(text('.leftoff-notice')).toBe('')
})

describe('addresses', () => {
  /** Begins `count` conversations by hand, with something said in each. */
  async function begin(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const before = text('#shown')
      await userEvent.click(button('New'))
      await expect.poll(() => text('#shown')).not.toBe(before)
      await userEvent.click(button('Say'))
    }
  }

  it('of ten steps lead back and forth, whatever became of the conversations; going back begins none', async () => {
    const openTab = openTabs()
    const here = openTab()
    const addresses: string[] = []
    show(here, <Page addresses={addresses} />)
    await expect.poll(() => text('#shown')).toBe('id-1')
    await userEvent.click(button('Say'))
    await begin(10)
    const steps = Array.from({ length: 11 }, (_, index) => `id-${index + 1}`)
    await expect.poll(() => addresses).toEqual(steps)
    await here.flush()

    // Another tab has one, and removed another.
    const other = openTab()
    await other.initConversation('w', { conversationId: 'id-4' })
    await other.removeConversation('id-7')

    const shown = async () => {
      await expect.poll(() => text('#shown')).toMatch(/^id-/)
      return text('#shown')
    }
    const back: (string | undefined)[] = []
    for (let step = 0; step < 10; step++) {
      await userEvent.click(button('Back'))
      await expect.poll(() => text('#at')).toBe(String(9 - step))
      back.push(await shown())
      expect(container.querySelector('main')?.dataset.status).toBe(back.at(-1) === 'id-4' ? 'watching' : 'ready')
    }
    // In the place of the one that was removed stays the one that was open.
    expect(back).toEqual(['id-10', 'id-9', 'id-8', 'id-8', 'id-6', 'id-5', 'id-4', 'id-3', 'id-2', 'id-1'])
    expect(addresses).toEqual(steps.with(6, 'id-8'))
    const forward: (string | undefined)[] = []
    for (let step = 0; step < 10; step++) {
      await userEvent.click(button('Forward'))
      await expect.poll(() => text('#at')).toBe(String(step + 1))
      forward.push(await shown())
    }
    expect(forward).toEqual(steps.with(6, 'id-8').slice(1))
    expect(addresses).toEqual(steps.with(6, 'id-8'))
    expect(here.newConversation('w')).toBe('id-12') // so no id was made in between
  })

  it('replace the entry when the conversation is removed, and add one when the person begins or switches', async () => {
    const openTab = openTabs()
    const here = openTab()
    const addresses: string[] = []
    show(here, <Page addresses={addresses} />)
    await expect.poll(() => addresses).toEqual(['id-1'])
    await userEvent.click(button('Say'))
    await userEvent.click(button('New'))
    await expect.poll(() => addresses).toEqual(['id-1', 'id-2'])
    await here.removeConversation('id-2')
    await expect.poll(() => addresses).toEqual(['id-1', 'id-3'])
    await here.switchConversation('id-1')
    await expect.poll(() => addresses).toEqual(['id-1', 'id-3', 'id-1'])
  })

  it('without an id get that of the open conversation, each time a person comes to one', async () => {
    const addresses: string[] = []
    show(openTabs()(), <Page addresses={addresses} />)
    await expect.poll(() => addresses).toEqual(['id-1'])
    await userEvent.click(button('Home'))
    await expect.poll(() => addresses).toEqual(['id-1', 'id-1'])
    await userEvent.click(button('Say'))
    await userEvent.click(button('New'))
    await expect.poll(() => addresses).toEqual(['id-1', 'id-1', 'id-2'])
    await userEvent.click(button('Home'))
    await expect.poll(() => addresses).toEqual(['id-1', 'id-1', 'id-2', 'id-2'])
    await userEvent.click(button('Back'))
    await userEvent.click(button('Back'))
    await expect.poll(() => text('#shown')).toBe('id-1')
    expect(addresses).toEqual(['id-1', 'id-1', 'id-2', 'id-2'])
  })

  it('of an id that nobody knows become that of the conversation that opens', async () => {
    const addresses: string[] = []
    show(openTabs()(), <Page addresses={addresses} start="unknown" />)
    await expect.poll(() => addresses).toEqual(['id-1'])
    expect(text('#shown')).toBe('id-1')
  })
})

describe('a storage that fails', () => {
  it.each([
    ['quota-exceeded', 'Storage is full. Changes are kept in this tab until you remove conversations.'],
    ['unreachable', 'Storage is not available. Changes are kept in this tab until it is.'],
  ] as const)('with %s has a notice that says so', async (code, notice) => {
    const adapter = { ...memoryAdapter(), save: () => Promise.reject(new LeftoffError(code, 'It failed.')) }
    const store = createSessionStore({ adapter, browser: fakeBrowser().openTab().browser, snapshot: false })
    show(store, <Page addresses={[]} />)
    await expect.poll(() => container.querySelector('main')?.dataset.status).toBe('ready')
    await userEvent.click(button('Say'))
    await expect.poll(() => text('.leftoff-notice-text')).toBe(notice)
    await store.dispose().catch(() => {})
  })
})

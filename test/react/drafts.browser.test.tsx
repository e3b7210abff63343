import type { ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { userEvent } from 'vitest/browser'
import { createSessionStore, drafts, memoryAdapter, type SessionStore } from '../../src/index.js'
import { SessionProvider, useConversationSession, useDraft } from '../../src/react/index.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'

let root: Root
let container: HTMLElement
const stores: SessionStore[] = []

beforeEach(() => {
  container = document.body.appendChild(document.createElement('div'))
  root = createRoot(container)
})

afterEach(async () => {
  root.unmount()
  container.remove()
  await Promise.all(stores.splice(0).map((store) => store.dispose()))
})

const field = (): HTMLTextAreaElement | null => container.querySelector('textarea')

function Composer(): ReactNode {
  const { conversationId } = useConversationSession('w')
  const [draft, setDraft] = useDraft(conversationId)
  return <textarea data-id={conversationId} value={draft} onChange={(event) => setDraft(event.target.value)} />
}

function open(store: SessionStore): SessionStore {
  stores.push(store)
  return store
}

const page = (store: SessionStore) => (
  <SessionProvider store={store}>
    <Composer />
  </SessionProvider>
)

it('stays with its conversation through switches and reloads, and goes with the user', async () => {
  const browser = fakeBrowser()
  const tab = browser.openTab()
  const adapter = memoryAdapter()
  const store = open(createSessionStore({ adapter, browser: tab.browser, drafts: drafts(), userId: 'ada' }))
  root.render(page(store))
  await expect.poll(() => field()?.dataset.id).toBeDefined()
  const first = field()?.dataset.id ?? ''
  store.recordMessage({ role: 'user', text: 'hello' })
  await userEvent.type(field() ?? container, 'to the first')
  store.newConversation('w')
  await expect.poll(() => field()?.value).toBe('')
  await userEvent.type(field() ?? container, 'to the second')
  await store.switchConversation(first)
  await expect.poll(() => field()?.value).toBe('to the first')

  const again = open(createSessionStore({ adapter, browser: tab.reload().browser, drafts: drafts(), userId: 'ada' }))
  root.render(page(again))
  await expect.poll(() => field()?.value).toBe('to the first')
  expect(field()?.dataset.id).toBe(first)
  again.setDraft(first, '') // as when the message is sent
  again.recordMessage({ role: 'user', text: 'to the first' })
  await expect.poll(() => field()?.value).toBe('')

  await userEvent.type(field() ?? container, 'a secret')
  await again.setUser('bob')
  await expect.poll(() => field()?.value).toBe('')
  await again.setUser('ada')
  await expect.poll(() => field()?.value).toBe('a secret')
  await again.signOut()
  await again.setUser('ada')
  await expect.poll(() => field()?.dataset.id).toMatch(/./)
  expect(field()?.value).toBe('')
})

it('reads nothing on a server', () => {
  const store = open(createSessionStore({ adapter: memoryAdapter(), browser: fakeBrowser().openTab().browser }))
  expect(renderToString(page(store))).toContain('<textarea')
  expect(store.getState().status).toBe('idle')
})

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { httpAdapter } from '../../src/adapters/http/http-adapter.js'
import type { SessionEvent } from '../../src/core/session-event.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import type { SessionStore } from '../../src/store/session-store.js'
import { type FakeTab, fakeBrowser } from '../../src/testing/fake-browser.js'
import { keysOf } from '../support/tabs.js'

/** How a device of this user reaches the server; undefined: nobody is signed in there. */
type Reach = (userId: string | undefined, ...request: Parameters<typeof fetch>) => Promise<Response>

/** What a person sees of a history behind an app's own API. `url` is asked for in each test. */
export function storeOverHttp(url: () => string, reach: Reach): void {
  const stores: SessionStore[] = []
  // One for each test: what a store sends at its end may arrive when the next test has begun.
  let olga = ''
  beforeEach(() => {
    olga = `olga ${crypto.randomUUID()}`
  })
  afterEach(() => {
    for (const store of stores.splice(0)) store.dispose()
  })

  /** A device with a browser of its own, where Ada is signed in. */
  function device() {
    const browser = fakeBrowser()
    const at = {
      browser,
      signedIn: olga as string | undefined,
      /** Something between the device and the server that answers instead. */
      between: undefined as (() => Response) | undefined,
      requests: 0,
      open(tab: FakeTab = browser.openTab(), pollMs = 50) {
        const events: SessionEvent[] = []
        const adapter = httpAdapter({
          url: url(),
          pollMs,
          fetch: async (...request) => {
            at.requests++
            return at.between?.() ?? reach(at.signedIn, ...request)
          },
        })
        const options = { browser: tab.browser, adapter, userId: olga, resume: 'latest' } as const
        const store = createSessionStore({ ...options, onEvent: (event) => events.push(event) })
        stores.push(store)
        return { store, tab, events }
      },
    }
    return at
  }

  const shown = ({ store }: { readonly store: SessionStore }) =>
    store.getState().sessions.map(({ conversationId, messageCount }) => [conversationId, messageCount])

  it('shows on one device what is said on the other, and counts what both say', async () => {
    const [laptop, phone] = [device().open(), device().open()]
    const id = await laptop.store.initConversation('w')
    laptop.store.recordMessage({ role: 'user', text: 'Hello from the laptop' })
    await laptop.store.flush()
    expect(await phone.store.initConversation('w')).toBe(id)
    phone.store.recordMessage({ role: 'user', text: 'Hello from the phone' })
    laptop.store.recordMessage({ role: 'user', text: 'And again' })
    await Promise.all([laptop.store.flush(), phone.store.flush()])
    for (const at of [laptop, phone]) {
      await vi.waitFor(() => expect(shown(at)).toEqual([[id, 3]]), 5_000)
      await vi.waitFor(
        () => expect(at.events).toContainEqual({ type: 'conversation-changed', conversationId: id }),
        5_000,
      )
    }
  })

  it('shows in another tab at once what is said in the first, before either asks the server', async () => {
    const laptop = device()
    const [first, second] = [laptop, laptop].map((at) => at.open(at.browser.openTab(), 3_600_000))
    if (!first || !second) throw new Error('There are two tabs.')
    const id = await first.store.initConversation('w')
    await second.store.initConversation('w')
    // The first of them may be in what the second tab reads as it opens.
    for (const count of [1, 2, 3]) {
      first.store.recordMessage({ role: 'user', text: `Message ${count}` })
      await first.store.flush()
      await vi.waitFor(() => expect(shown(second)).toEqual([[id, count]]), 5_000)
    }
  })

  it('takes a conversation away on one device that is removed on the other', async () => {
    const [laptop, phone] = [device().open(), device().open()]
    const id = await laptop.store.initConversation('w')
    laptop.store.recordMessage({ role: 'user', text: 'Hello' })
    await laptop.store.flush()
    await phone.store.initConversation('w')
    await laptop.store.removeConversation(id)
    const lost = { type: 'conversation-lost', conversationId: id, reason: 'removed' }
    await vi.waitFor(() => expect(phone.events).toContainEqual(lost), 5_000)
    expect(shown(phone)).toEqual([])
  })

  it('forgets the user on the device that signs out, and nothing on the other or on the server', async () => {
    const [atHome, onTheWay] = [device(), device()]
    const [laptop, phone] = [atHome.open(), onTheWay.open()]
    const id = await laptop.store.initConversation('w')
    laptop.store.recordMessage({ role: 'user', text: 'Hello' })
    await laptop.store.flush()
    await phone.store.initConversation('w')
    await laptop.store.signOut()
    atHome.signedIn = undefined
    expect(laptop.store.getState().sessions).toEqual([])
    const left = keysOf(atHome.browser.localStorage).map((key) => key + atHome.browser.localStorage.getItem(key))
    for (const text of left) expect(text).not.toMatch(/olga|Hello/)

    phone.store.recordMessage({ role: 'assistant', text: 'Still here' })
    await phone.store.flush()
    expect(shown(phone)).toEqual([[id, 2]])

    atHome.signedIn = olga
    const again = atHome.open()
    expect(await again.store.initConversation('w')).toBe(id)
    await vi.waitFor(() => expect(shown(again)).toEqual([[id, 2]]), 5_000)
  })

  const html = (status: number) => () => new Response('<!doctype html><title>Sign in</title>', { status })
  it.each([
    ['401 in mid-session', html(401), 'signed-out'],
    ['429', html(429), 'unreachable'],
    ['413', html(413), 'storage-unavailable'],
    ["a proxy's page with 200", html(200), 'storage-unavailable'],
    ["a proxy's page with 409", html(409), 'storage-unavailable'],
    ["a proxy's page with 502", html(502), 'unreachable'],
  ])('%s: nothing is lost, in the page or with it', async (_, answer, code) => {
    const laptop = device()
    const first = laptop.open()
    const id = await first.store.initConversation('w')
    first.store.recordMessage({ role: 'user', text: 'one' })
    await first.store.flush()

    laptop.between = answer
    first.store.recordMessage({ role: 'assistant', text: 'two' })
    await expect(first.store.flush()).rejects.toMatchObject({ code })
    expect(shown(first)).toEqual([[id, 2]])
    expect(first.store.getState()).toMatchObject({ currentConversationId: id, saving: { pending: 1 } })
    expect(first.events.map(({ type }) => type)).not.toContain('signed-out')
    expect(first.events.map(({ type }) => type)).not.toContain('conversation-lost')
    laptop.between = undefined
    await first.store.flush()

    laptop.between = answer
    first.store.recordMessage({ role: 'user', text: 'three' })
    const second = laptop.open(first.tab.reload())
    laptop.between = undefined
    expect(await second.store.initConversation('w')).toBe(id)
    await second.store.flush()
    await vi.waitFor(() => expect(shown(second)).toEqual([[id, 3]]), 5_000)
    const elsewhere = device().open()
    await elsewhere.store.initConversation('w')
    await vi.waitFor(() => expect(shown(elsewhere)).toEqual([[id, 3]]), 5_000)
  })
}

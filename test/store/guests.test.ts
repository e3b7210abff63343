import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { importLegacy } from '../../src/legacy/import-legacy.js'
import { drafts } from '../../src/store/drafts.js'
import { guests } from '../../src/store/guests.js'
import type { SessionStoreOptions } from '../../src/store/session-store.js'
import { type StoreInTab, setUp as setUpTabs } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text, usage: { input: 1, output: 2 } })

function setUp(options: Partial<SessionStoreOptions> = {}) {
  const setting = setUpTabs({ drafts: drafts(), guests: guests(), ...options })
  const { clock } = setting
  return {
    ...setting,
    /** A sign-in, with all that the page does by itself. */
    async signIn({ store }: StoreInTab, userId: string) {
      const set = store.setUser(userId, { claimGuest: true })
      const settled = set.then(
        () => undefined,
        (error: unknown) => error,
      )
      await clock.advance(5_000)
      return settled
    },
  }
}

/** A guest who said something in `count` conversations; the last one is open. */
async function chat({ store }: StoreInTab, clock: { advance(ms: number): Promise<unknown> }, count: number) {
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    ids.push(index === 0 ? await opened(store.initConversation('w'), clock) : store.newConversation('w'))
    store.recordMessage(say(`question ${index}`))
    await clock.advance(1_500)
  }
  return ids
}

async function opened(opening: Promise<string>, clock: { advance(ms: number): Promise<unknown> }) {
  await clock.advance(2_000)
  return opening
}

/** Where a claim is sent to that takes as long as the test likes. */
function slowServer() {
  let settle = (): void => {}
  const send = () =>
    new Promise<void>((resolve) => {
      settle = resolve
    })
  return { send, answer: () => settle() }
}

describe('setUser with claimGuest', () => {
  it('says what is missing in a store without guests', async () => {
    const { openTab } = setUpTabs()
    await expect(openTab().store.setUser('ada', { claimGuest: true })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('guests: guests()'),
    })
  })

  it('makes the guest’s conversations the user’s, as they were, and this tab stays in its own', async () => {
    const { openTab, clock, signIn, initialize, stored } = setUp()
    const tab = openTab()
    const ids = await chat(tab, clock, 3)
    tab.store.renameConversation(ids[0] ?? '', 'Named')
    await clock.advance(1_500)
    const before = tab.store.getState().sessions
    expect(await signIn(tab, 'ada')).toBeUndefined()
    expect(await initialize(tab)).toBe(ids[2])
    expect(tab.store.getState()).toMatchObject({ userId: 'ada', isResumed: true, status: 'ready' })
    expect(tab.store.getState().sessions).toEqual(before.map((session) => ({ ...session, userId: 'ada' })))
    for (const id of ids) expect(await stored(id)).toBe('removed')
    tab.store.recordMessage(say('as ada'))
    await clock.advance(1_500)
    expect(await stored(ids[2] ?? '', 'ada')).toMatchObject({ messageCount: 2, tokenUsage: { input: 2, output: 4 } })
  })

  it('leaves the guest nothing to see', async () => {
    const { openTab, clock, signIn, initialize, keys } = setUp()
    const tab = openTab()
    const ids = await chat(tab, clock, 2)
    await signIn(tab, 'ada')
    await initialize(tab)
    await tab.store.signOut()
    await tab.store.setUser('')
    expect(ids).not.toContain(await initialize(tab))
    expect(tab.store.getState().sessions).toEqual([])
    expect(keys('/part/')).toEqual([])
  })

  it('comes before the opening, also in a page that loads with the user', async () => {
    const { openTab, clock, initialize } = setUp()
    const guest = openTab()
    const [id = ''] = await chat(guest, clock, 1)
    guest.tab.close()
    const tab = openTab({ userId: 'ada' })
    const claimed = tab.store.setUser('ada', { claimGuest: true })
    expect(await initialize(tab)).toBe(id)
    await claimed
  })

  it('adds nothing when it is called again, and what a guest did since when there is something', async () => {
    const { openTab, clock, signIn, stored } = setUp()
    const tab = openTab()
    const [id = ''] = await chat(tab, clock, 1)
    await signIn(tab, 'ada')
    await signIn(tab, 'ada')
    const other = openTab({ userId: 'ada' })
    await signIn(other, 'ada')
    expect(await stored(id, 'ada')).toMatchObject({ messageCount: 1, tokenUsage: { input: 1, output: 2 } })
  })

  it('leaves a conversation that another tab has open until that tab signs in', async () => {
    const { openTab, clock, signIn, stored } = setUp()
    const [one, two] = [openTab(), openTab()]
    const [first = ''] = await chat(one, clock, 1)
    const [second = ''] = await chat(two, clock, 1)
    expect(second).not.toBe(first)
    await signIn(one, 'ada')
    expect(await stored(first, 'ada')).toMatchObject({ messageCount: 1 })
    expect(await stored(second, 'ada')).toBeUndefined()
    two.store.recordMessage(say('still a guest'))
    await signIn(two, 'ada')
    expect(await stored(second, 'ada')).toMatchObject({ messageCount: 2 })
    expect(await stored(second)).toBe('removed')
  })

  it('begins one of its own in a copy of a tab that has its conversation open', async () => {
    const { openTab, browser, clock, initialize, settle, stored } = setUp()
    const guest = openTab()
    const id = await opened(guest.store.initConversation('w'), clock)
    const copy = openTab({ userId: 'ada', browser: browser.openTab({ copyOf: guest.tab }).browser })
    const claimed = copy.store.setUser('ada', { claimGuest: true })
    expect(await initialize(copy)).not.toBe(id)
    await claimed
    guest.store.recordMessage(say('still a guest'))
    await guest.store.flush()
    await settle()
    expect(guest.store.getState()).toMatchObject({ currentConversationId: id, status: 'ready' })
    expect(await stored(id)).toMatchObject({ messageCount: 1 })
    expect(await stored(id, 'ada')).toBeUndefined()
  })

  it('waits for the page before a reload, which frees its lock a moment later', async () => {
    const { openTab, browser, clock, signIn, stored } = setUp()
    const tab = openTab()
    const [id = ''] = await chat(tab, clock, 1)
    const again = tab.reload()
    let free = (): void => {}
    const freed = new Promise<void>((resolve) => {
      free = resolve
    })
    const name = `claude-session-storage/claim//${id}`
    void browser
      .openTab()
      .browser.locks()
      ?.request(name, {}, () => freed)
    clock.setTimeout(free, 20)
    await signIn(again, 'ada')
    expect(await stored(id, 'ada')).toMatchObject({ messageCount: 1 })
  })

  it('sends the conversations first, and moves none if that fails; the next call moves them', async () => {
    const sent: unknown[] = []
    let send = async (_conversations: unknown): Promise<void> => {
      throw new Error('down')
    }
    const { openTab, clock, signIn, stored } = setUp({
      guests: guests({ send: (conversations) => send(conversations) }),
    })
    const tab = openTab()
    const ids = await chat(tab, clock, 2)
    expect(await signIn(tab, 'ada')).toMatchObject({ code: 'unreachable' })
    expect(tab.events).toContainEqual(expect.objectContaining({ type: 'save-failed' }))
    expect(await stored(ids[0] ?? '', 'ada')).toBeUndefined()
    send = async (conversations) => {
      expect(await stored(ids[0] ?? '', 'ada')).toBeUndefined()
      sent.push(conversations)
    }
    expect(await signIn(tab, 'ada')).toBeUndefined()
    expect(await stored(ids[0] ?? '', 'ada')).toMatchObject({ messageCount: 1 })
    await signIn(tab, 'ada')
    expect(sent).toEqual([[...ids].reverse().map((conversationId) => ({ workspace: 'w', conversationId }))])
  })

  it('takes in what another process wrote a moment before and this one sees later', async () => {
    const { openTab, clock, browser, signIn, stored } = setUp()
    const guest = openTab()
    const [id = ''] = await chat(guest, clock, 1)
    const before = await stored(id)
    guest.store.recordMessage(say('one more'))
    await clock.advance(1_500)
    guest.tab.close()
    const tab = browser.openTab()
    const adapter = localStorageAdapter({ ...tab, now: clock.now })
    const now = clock.now()
    const get: typeof adapter.get = async (userId, wanted) =>
      userId === '' && clock.now() < now + 3_000 ? before : adapter.get(userId, wanted)
    await signIn(openTab({ userId: null, adapter: { ...adapter, get } }), 'ada')
    expect(await stored(id, 'ada')).toMatchObject({ messageCount: 2, lastMessagePreview: 'one more' })
    expect(await stored(id)).toBe('removed')
  })

  it('stays in the conversation while the server takes its time', async () => {
    const { send, answer } = slowServer()
    const { openTab, clock, stored } = setUp({ guests: guests({ send }) })
    const tab = openTab()
    const [id = ''] = await chat(tab, clock, 1)
    const set = tab.store.setUser('ada', { claimGuest: true })
    const opening = tab.store.initConversation('w')
    await clock.advance(6_000)
    expect(await opening).toBe(id)
    tab.store.recordMessage(say('as ada'))
    answer()
    await clock.advance(5_000)
    await set
    expect(await stored(id, 'ada')).toMatchObject({ messageCount: 2 })
  })

  it('ends the same after a failure at any step', async () => {
    for (const verb of ['list', 'get', 'save', 'remove'] as const) {
      const adapter = memoryAdapter()
      const { openTab, clock, signIn } = setUp({ adapter })
      const guest = openTab()
      const [id = ''] = await chat(guest, clock, 1)
      await guest.store.dispose()
      const fails = { [verb]: () => Promise.reject(new Error('down')) }
      expect(await signIn(openTab({ userId: null, adapter: { ...adapter, ...fails } }), 'ada')).toBeDefined()
      await signIn(openTab({ userId: null }), 'ada')
      expect((await adapter.list('ada', { limit: 9 })).sessions).toMatchObject([
        { conversationId: id, messageCount: 1 },
      ])
      expect((await adapter.list('', { limit: 9 })).sessions).toEqual([])
    }
  })

  it('moves drafts: of this tab and of closed ones, with a conversation that has nothing else', async () => {
    const { openTab, signIn, initialize } = setUp()
    const closed = openTab()
    const left = await initialize(closed)
    closed.store.setDraft(left, 'left here')
    closed.tab.tell('hidden')
    closed.tab.close()
    const tab = openTab({ resume: 'new' })
    const id = await initialize(tab)
    tab.store.setDraft(id, 'typing')
    await signIn(tab, 'ada')
    expect(await initialize(tab)).toBe(id)
    expect(tab.store.draftOf(id)).toBe('typing')
    const next = openTab({ userId: 'ada' })
    expect(await initialize(next)).toBe(left)
    expect(next.store.draftOf(left)).toBe('left here')
    const guest = openTab()
    expect([left, id]).not.toContain(await initialize(guest))
    expect(guest.store.draftOf(left)).toBe('')
  })

  it('takes in what an older app left', async () => {
    const { openTab, signIn, browser, stored } = setUp({ legacy: importLegacy() })
    const session = { conversationId: 'old', workspace: 'w', messageCount: 3, lastActivity: 1 }
    browser.localStorage.setItem('claude-session-storage', JSON.stringify({ sessions: { old: session } }))
    await signIn(openTab({ userId: null }), 'ada')
    expect(await stored('old', 'ada')).toMatchObject({ messageCount: 3 })
  })

  it('claims nothing of another user, unless the app names it as the guest', async () => {
    const { openTab, clock, signIn, stored } = setUp({ userId: 'bob' })
    const tab = openTab()
    const [id = ''] = await chat(tab, clock, 1)
    await signIn(openTab(), 'ada')
    expect(await stored(id, 'ada')).toBeUndefined()
    expect(await stored(id, 'bob')).toMatchObject({ messageCount: 1 })
    await signIn(openTab({ userId: null, guests: guests({ from: 'bob' }) }), 'ada')
    expect(await stored(id, 'ada')).toBeUndefined() // still open
    tab.tab.close()
    await signIn(openTab({ userId: null, guests: guests({ from: 'bob' }) }), 'ada')
    expect(await stored(id, 'ada')).toMatchObject({ messageCount: 1 })
  })

  it('stores nothing for a user who signed out while it ran', async () => {
    const { send, answer } = slowServer()
    const { openTab, clock, stored } = setUp({ guests: guests({ send }) })
    const tab = openTab()
    const [id = ''] = await chat(tab, clock, 1)
    const set = tab.store.setUser('ada', { claimGuest: true })
    await clock.advance(1_500)
    await tab.store.signOut()
    answer()
    await clock.advance(5_000)
    await set.catch(() => {})
    expect(await stored(id, 'ada')).toBeUndefined()
    expect(await stored(id)).toMatchObject({ messageCount: 1 })
  })

  it('leaves rows in the account to the server, and moves what is on the device', async () => {
    const { forget: _forget, epochOf: _epochOf, ...rows } = memoryAdapter()
    const { openTab, clock, signIn, initialize } = setUp({
      adapter: { ...rows, place: 'account' },
      userId: 'guest-1',
      guests: guests({ from: 'guest-1' }),
    })
    const tab = openTab()
    const [id = ''] = await chat(tab, clock, 1)
    tab.store.setDraft(id, 'typing')
    await tab.store.flush()
    await signIn(tab, 'ada')
    expect((await rows.list('guest-1', { limit: 9 })).sessions).toHaveLength(1)
    expect(await initialize(tab)).toBe(id)
    expect(tab.store.draftOf(id)).toBe('typing')
  })
})

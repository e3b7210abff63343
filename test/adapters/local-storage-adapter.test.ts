import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { localStorageHarness } from './local-storage-harness.js'

const harness = localStorageHarness()

describe('localStorageAdapter', () => {
  sessionAdapterConformance({ open: () => harness.open(), destroy: harness.destroy, plant: harness.plant })

  it('looks at all keys once, and again after the back/forward cache, not when a page that has just loaded is shown', async () => {
    const browser = fakeBrowser()
    const { storage, events } = browser.openTab()
    let looked = 0
    const counted = new Proxy(storage(), {
      get(target, name) {
        if (name === 'key') looked++
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const page = localStorageAdapter({ storage: () => counted, events })
    const change = { userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1_000 }
    await localStorageAdapter(browser.openTab()).save([change, { ...change, conversationId: 'c2' }])
    const ids = async () => (await page.list('u1', { limit: 10 })).sessions.map((row) => row.conversationId).sort()
    const show = (persisted: boolean) => events.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }))

    expect(await ids()).toEqual(['c1', 'c2'])
    expect(looked).toBe(2)
    show(false)
    expect(await ids()).toEqual(['c1', 'c2'])
    expect(looked).toBe(2)

    // While it was in the cache, which no event reaches, one went and another came.
    const [gone = ''] = Array.from({ length: 2 }, (_, index) => browser.localStorage.key(index) ?? '')
    const text = browser.localStorage.getItem(gone) ?? ''
    browser.localStorage.removeItem(gone)
    browser.localStorage.setItem(gone.replace(/c[12]/, 'c3'), text)
    show(true)
    expect(await ids()).toContain('c3')
    expect(looked).toBe(4)
  })

  it('has a conversation that two pages began in two workspaces in one of them, for every page the same', async () => {
    const { localStorage, openTab } = fakeBrowser()
    const change = { userId: 'u/1', workspace: 'b', conversationId: '50%/c', epoch: '', begins: 1_000 }
    await localStorageAdapter(openTab()).save([change])
    const key = localStorage.key(0) ?? ''
    localStorage.setItem(key.replace('/b/', '/a/').slice(0, -1), localStorage.getItem(key) ?? '')

    for (const page of [localStorageAdapter(openTab()), localStorageAdapter(openTab())]) {
      expect((await page.list('u/1', { workspace: 'b', limit: 10 })).sessions).toEqual([])
      const { sessions } = await page.list('u/1', { workspace: 'a', limit: 10 })
      expect(sessions).toMatchObject([{ workspace: 'a', conversationId: '50%/c' }])
    }
  })

  it('leaves keys alone that look like its own and name no part', async () => {
    const { localStorage, openTab } = fakeBrowser()
    const page = localStorageAdapter(openTab())
    await page.save([{ userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1_000 }])
    const own = localStorage.key(0) ?? ''
    const names = ['u1', 'u1/w', 'u1/w/c2', 'u1/w/c3/author/more', '//'].map(
      (rest) => `claude-session-storage/part/${rest}`,
    )
    for (const name of names) localStorage.setItem(name, localStorage.getItem(own) ?? '')

    const { sessions } = await localStorageAdapter(openTab()).list('u1', { limit: 10 })
    expect(sessions.map(({ conversationId }) => conversationId)).toEqual(['c1'])
    await page.clear('u1')
    for (const name of names) expect(localStorage.getItem(name)).not.toBeNull()
  })
})

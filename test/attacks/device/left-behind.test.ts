import { describe, expect, it } from 'vitest'
import { olderBlob } from '../../faults/older-blob.js'
import { name, openOrigin } from './origin.js'

// Whoever has the device next looks at all of it.

const say = (text: string) => ({ role: 'user' as const, text })

describe.each(['localStorage', 'dexie', 'account'] as const)('the whole origin, %s', (kind) => {
  /** Two pages of Ada, and what is left of a third, after all that can leave something behind. */
  async function used(options: { readonly persistContent?: boolean; readonly blob?: string } = {}) {
    const { blob = olderBlob(['older']).replaceAll('Title', 'secret title'), ...own } = options
    const origin = openOrigin(kind)
    const { openPage, soon, pass, browser } = origin
    browser.localStorage.setItem(name, blob)
    const openHers = async () => {
      const page = openPage({ userId: 'ada', ...own })
      const { store, client } = page
      const conversationId = await soon(store.initConversation('w'))
      store.recordMessage(say('a secret'))
      store.renameConversation(conversationId, 'a secret title')
      await soon(store.flush())
      store.setDraft(conversationId, 'a secret draft')
      const turn = client.send({ userId: 'ada', workspace: 'w', conversationId }, { message: 'a secret question' })
      void turn.next().catch(() => {})
      // Journaled, where the adapter does not write at once.
      store.recordMessage(say('one more secret'))
      return page
    }
    const [page, cached, closed] = [await openHers(), await openHers(), await openHers()]
    cached.tab.tell('hidden')
    cached.tab.tell('pagehide')
    closed.close()
    await pass(30_000)
    return { ...origin, page, cached }
  }
  const withSecrets = (all: readonly string[]) => all.filter((text) => text.includes('secret'))

  it('holds nothing of a user who signed out, also what other tabs had and what nobody can read', async () => {
    const { page, cached, everything, browser, soon, pass, openPage } = await used()
    // Set aside with its bytes by the next page that meets it.
    const unreadable = kind === 'localStorage' ? 'part/ada/w/broken/author01' : 'journal/ada/broken/page0001'
    browser.localStorage.setItem(`${name}/${unreadable}`, '{"a secret":')
    const other = openPage({ userId: 'ada' })
    await soon(other.store.initConversation('w'))
    await pass(30_000)
    const before = withSecrets(await everything())
    const rows = { localStorage: ['part/'], dexie: ['/sessions = '], account: [] }[kind]
    for (const kept of ['draft/', 'unsent/', 'quarantine/', ...rows]) {
      expect(before).toContainEqual(expect.stringContaining(kept))
    }

    await soon(page.store.signOut())
    await pass(30_000)
    cached.tab.tell('pageshow')
    await pass(30_000)
    const next = openPage({ userId: 'bob' })
    await soon(next.store.initConversation('w'))
    await pass(60_000)
    expect((await everything()).filter((text) => /secret|\bada\b/.test(text))).toEqual([])
    expect(JSON.stringify(next.store.getState())).not.toContain('secret')
  })

  it('holds nothing of a guest once the user who claimed it signed out', async () => {
    const { openPage, soon, pass, everything } = openOrigin(kind)
    const { store, client } = openPage()
    const conversationId = await soon(store.initConversation('w'))
    store.recordMessage(say('a secret'))
    store.setDraft(conversationId, 'a secret draft')
    await soon(store.flush())
    await soon(store.setUser('ada', { claimGuest: true }), 10_000)
    await soon(store.initConversation('w'))
    void client
      .send({ userId: 'ada', workspace: 'w', conversationId }, { message: 'a secret question' })
      .next()
      .catch(() => {})
    await pass(30_000)
    expect(withSecrets(await everything())).not.toEqual([])
    await soon(store.signOut())
    await pass(60_000)
    expect((await everything()).filter((text) => /secret|\bada\b/.test(text))).toEqual([])
  })

  it('holds no text with persistContent: false, older data, drafts and turns included', async () => {
    const { everything, page, pass } = await used({ persistContent: false })
    expect((await everything()).length).toBeGreaterThan(3)
    expect(withSecrets(await everything())).toEqual([])
    page.tab.tell('hidden')
    await pass(60_000)
    expect(withSecrets(await everything())).toEqual([])
  })

  it('loses the texts of earlier pages once persistContent is false', async () => {
    const { everything, pass, page, cached, soon } = await used()
    expect(withSecrets(await everything())).not.toEqual([])
    for (const { reload } of [page, cached]) {
      const next = reload({ userId: 'ada', persistContent: false })
      await soon(next.store.initConversation('w'))
      await pass(60_000)
      next.store.recordMessage(say('a secret'))
      await soon(next.store.flush())
    }
    expect(withSecrets(await everything())).toEqual([])
  })

  it('holds no text of older data with persistContent: false, also if some of it cannot be read', async () => {
    const blob = JSON.stringify({
      sessions: [
        { conversationId: 'c1', workspace: 'w', lastActivity: 1, title: 'a secret title' },
        { conversationId: 'c2', title: 'another secret title' },
      ],
    })
    const { everything } = await used({ persistContent: false, blob })
    expect(withSecrets(await everything())).toEqual([])
  })
})

import { describe, expect, it, vi } from 'vitest'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { committed, setUpCommitted } from '../support/committed.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('the journal', () => {
  it('brings back what was not saved when the page went away', async () => {
    const { openTab, adapter, fault, journal, settle } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('saved'))
    await settle()
    fault.hang = true // the write never ends, as in a page that goes away
    first.store.recordMessage(say('not saved'))
    first.store.renameConversation(id, 'Named')
    const again = first.reload()
    expect(journal()).toHaveLength(1)
    expect(await adapterState(adapter, fault, id)).toMatchObject({ messageCount: 1 })

    fault.hang = false
    expect(await again.store.initConversation('w')).toBe(id)
    expect(await adapter.get('', id)).toMatchObject({
      messageCount: 2,
      lastMessagePreview: 'not saved',
      title: 'Named',
    })
    expect(again.store.getState().sessions).toMatchObject([{ messageCount: 2, title: 'Named' }])
    expect(journal()).toEqual([])
  })

  it('keeps a first message and an immediate close', async () => {
    const { openTab, adapter, fault, initialize } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    fault.hang = true
    first.store.recordMessage(say('hello'))
    first.tab.close()
    fault.hang = false
    // The browser was closed: another tab, without this one's sessionStorage.
    expect(await initialize(openTab())).toBe(id)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
  })

  it('holds nothing while storage has everything, and lets go of what storage has since', async () => {
    const { openTab, journal, fault, settle } = setUpCommitted()
    const { store, tab } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('one'))
    await settle()
    tab.tell('hidden')
    expect(journal()).toEqual([])
    fault.error = new Error('down')
    store.recordMessage(say('two'))
    tab.tell('hidden')
    expect(journal()).toHaveLength(1)
    fault.error = undefined
    tab.tell('visible')
    await settle()
    expect(journal()).toEqual([])
  })

  it('counts nothing twice when the save landed while its copy lay in the journal', async () => {
    const { openTab, adapter, settle, journal } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    first.store.recordMessage(say('two'))
    const again = first.reload() // the save was called, its answer is not awaited
    expect(journal()).toHaveLength(1)
    await again.store.initConversation('w')
    await settle()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 2 })
    expect(again.store.getState().sessions).toMatchObject([{ messageCount: 2 }])
    expect(journal()).toEqual([])
  })

  it('counts what is recorded after another page has sent what the journal had', async () => {
    const { openTab, adapter, fault, clock, settle } = setUpCommitted()
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await settle()
    fault.error = new Error('down')
    store.recordMessage(say('two'))
    tab.tell('hidden')
    fault.error = undefined
    // Another tab opens and replays the entry; then this one, which never went away, says more.
    const other = openTab()
    await other.store.initConversation('w')
    store.recordMessage(say('three'))
    tab.tell('visible')
    await clock.advance(10_000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 3 })
  })

  it('replays a removal', async () => {
    const { openTab, adapter, fault, settle, journal } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    fault.error = new Error('down')
    await first.store.removeConversation(id).catch(() => {})
    const again = first.reload()
    fault.error = undefined
    expect(await again.store.initConversation('w')).not.toBe(id)
    await settle()
    expect(await adapter.get('', id)).toBe('removed')
    expect(journal()).toEqual([])
  })

  it('does not bring back what was removed since, and reports what is dropped', async () => {
    const { openTab, adapter, fault, settle, journal } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    fault.hang = true
    first.store.recordMessage(say('late'))
    first.tab.tell('pagehide')
    fault.hang = false
    await adapter.remove('', [id])
    const { store, events } = openTab()
    expect(await store.initConversation('w')).not.toBe(id)
    await settle()
    expect(await adapter.get('', id)).toBe('removed')
    expect(store.getState().sessions).toEqual([])
    expect(events).toMatchObject([{ type: 'save-failed', conversationId: id, error: { code: 'conversation-lost' } }])
    expect(journal()).toEqual([])
  })

  it('replays what another tab left of another conversation', async () => {
    const { openTab, adapter, fault, settle } = setUpCommitted()
    const first = openTab()
    const here = await first.store.initConversation('here')
    first.store.recordMessage(say('one'))
    await settle()
    fault.hang = true
    first.store.recordMessage(say('two'))
    first.tab.close()
    fault.hang = false
    await openTab().store.initConversation('elsewhere')
    expect(await adapter.get('', here)).toMatchObject({ messageCount: 2 })
  })

  it('keeps users apart', async () => {
    const { openTab, adapter, fault, journal, settle } = setUpCommitted()
    const ada = openTab({ userId: 'ada' })
    const id = await ada.store.initConversation('w')
    fault.hang = true
    ada.store.recordMessage(say('mine'))
    ada.tab.tell('pagehide')
    fault.hang = false
    await openTab({ userId: 'bob' }).store.initConversation('w')
    await settle()
    expect(journal()).toHaveLength(1)
    expect(await adapter.get('ada', id)).toBeUndefined()
  })

  it('keeps an entry until storage took it', async () => {
    const { openTab, adapter, fault, journal, clock, initialize } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    fault.hang = true
    first.store.recordMessage(say('hello'))
    first.tab.close()
    fault.hang = false
    fault.error = new Error('down')
    const second = openTab()
    await initialize(second)
    expect(journal()).toHaveLength(1)
    second.tab.close()
    fault.error = undefined
    expect(await initialize(openTab())).toBe(id)
    await clock.advance(60_000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
    expect(journal()).toEqual([])
  })

  it('quarantines an entry that it cannot read, and reports it once', async () => {
    const { openTab, browser, journal } = setUpCommitted()
    const key = 'claude-session-storage/journal//c1/d1'
    browser.localStorage.setItem('claude-session-storage/journaled/', '1')
    browser.localStorage.setItem(key, '{"sealed":7}')
    const { store, events } = openTab()
    await store.initConversation('w')
    await store.initConversation('w2')
    expect(events).toMatchObject([{ type: 'row-quarantined', error: { code: 'invalid-session' } }])
    expect(journal()).toEqual([])
    expect(browser.localStorage.getItem(`claude-session-storage/quarantine/${key.replaceAll('/', '%2F')}`)).toBe(
      '{"sealed":7}',
    )
  })

  it('is looked for only where a page once wrote into it: an origin may have thousands of keys', async () => {
    const { openTab, browser, fault, initialize } = setUpCommitted()
    browser.localStorage.setItem('another library’s', '')
    const look = vi.spyOn(browser.localStorage, 'key')
    const first = openTab()
    await first.store.initConversation('w')
    expect(look).not.toHaveBeenCalled()
    fault.error = new Error('down')
    first.store.recordMessage(say('not saved'))
    first.tab.close()
    fault.error = undefined
    await initialize(openTab())
    expect(look).toHaveBeenCalled()
  })

  it('keeps what a page writes while another one sends what it had written before', async () => {
    const real = committed()
    let answer = (): void => {}
    const slow: SessionAdapter = {
      ...real,
      async save(changes) {
        await new Promise<void>((resolve) => {
          answer = resolve
        })
        return real.save(changes)
      },
    }
    const { openTab, browser, keys, settle } = setUp({ adapter: slow })
    const first = openTab()
    await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    first.tab.tell('hidden')
    const [key = ''] = keys('/journal/')
    void openTab().store.initConversation('w')
    await settle()
    first.store.recordMessage(say('two')) // it was only hidden
    first.tab.tell('hidden')
    answer()
    await settle()
    expect(browser.localStorage.getItem(key)).toContain('"messages":2')
  })

  it('is deleted by clearing, also what other pages left', async () => {
    const { openTab, adapter, fault, journal, settle } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    fault.hang = true
    first.store.recordMessage(say('two'))
    first.tab.close()
    fault.hang = false
    fault.error = new Error('down')
    const { store } = openTab()
    await store.initConversation('other')
    fault.error = undefined
    expect(journal()).toHaveLength(1)
    await store.clearAll()
    expect(journal()).toEqual([])
    expect(await adapter.get('', id)).toBe('removed')
  })

  it('is not used by an adapter that writes at once', async () => {
    const { openTab, keys } = setUp()
    const { store, tab } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('hello'))
    tab.tell('hidden')
    expect(keys('/journal/')).toEqual([])
  })
})

async function adapterState(adapter: SessionAdapter, fault: { hang: boolean }, id: string) {
  fault.hang = false
  const row = await adapter.get('', id)
  fault.hang = true
  return row
}

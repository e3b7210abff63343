import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/adapter.js'
import { faulty, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

/** A storage like IndexedDB: a resolved save is there for good, one under way when the page goes is not. */
function committed(): SessionAdapter {
  return { ...memoryAdapter(), durability: 'committed' }
}

function setUpCommitted() {
  const { adapter, fault, calls } = faulty(committed())
  const setting = setUp({ adapter })
  const journal = () => {
    const { localStorage } = setting.browser
    const keys = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? '')
    // Not the marks that stand where an entry was taken over.
    return keys.filter((key) => key.includes('/journal/') && !localStorage.getItem(key)?.includes('takenAt'))
  }
  return { ...setting, adapter, fault, calls, journal }
}

describe('the journal', () => {
  it('brings back what was not saved when the page went away', async () => {
    const { openTab, adapter, fault, journal, settle } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('saved'))
    await settle()
    fault.hang = true // the write is under way for ever, as in a page that is going
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
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1, revision: 1 })
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

  it('does not let what is recorded after the page came back ride on what the journal has', async () => {
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
    expect(await adapter.get('', id)).toBeUndefined()
    expect(journal()).toEqual([])
  })

  it('does not bring back what someone removed meanwhile, nor speak of it', async () => {
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
    expect(await adapter.get('', id)).toBeUndefined()
    expect(store.getState().sessions).toEqual([])
    expect([events, journal()]).toEqual([[], []])
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

  it('sets aside an entry that it cannot read, and says so once', async () => {
    const { openTab, browser, journal } = setUpCommitted()
    const key = 'claude-session-storage/journal//c1/d1'
    browser.localStorage.setItem(key, '{"sealed":7}')
    const { store, events } = openTab()
    await store.initConversation('w')
    await store.initConversation('w2')
    expect(events).toMatchObject([{ type: 'row-quarantined', error: { code: 'invalid-session' } }])
    expect(journal()).toEqual([])
    expect(browser.localStorage.getItem(`claude-session-storage/set-aside/${key.replaceAll('/', '%2F')}`)).toBe(
      '{"sealed":7}',
    )
  })

  it('leaves a mark for a page that may come back, and clears it away a day later', async () => {
    const { openTab, browser, fault, clock, initialize } = setUpCommitted()
    const marks = () => {
      const keys = Array.from(
        { length: browser.localStorage.length },
        (_, index) => browser.localStorage.key(index) ?? '',
      )
      return keys.filter((key) => key.includes('/journal/'))
    }
    const first = openTab()
    await first.store.initConversation('w')
    fault.hang = true
    first.store.recordMessage(say('hello'))
    first.reload()
    fault.hang = false
    await initialize(openTab())
    expect(marks()).toHaveLength(1)
    await clock.advance(24 * 60 * 60 * 1_000 + 1)
    await initialize(openTab())
    expect(marks()).toEqual([])
  })

  it('is not used by an adapter that writes at once', async () => {
    const { openTab, browser } = setUp()
    const { store, tab } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('hello'))
    tab.tell('hidden')
    const keys = Array.from({ length: browser.localStorage.length }, (_, index) => browser.localStorage.key(index))
    expect(keys.filter((key) => key?.includes('/journal/'))).toEqual([])
  })

  it('loses and doubles nothing, wherever pages go away and storage fails', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('say' as const) },
      { weight: 2, arbitrary: fc.constant('hide' as const) },
      { weight: 2, arbitrary: fc.constant('reload' as const) },
      { weight: 1, arbitrary: fc.constant('fail' as const) },
      { weight: 1, arbitrary: fc.constant('lose' as const) },
      { weight: 2, arbitrary: fc.constant('work' as const) },
      { weight: 2, arbitrary: fc.constant('wait' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const real = committed()
        let mode: 'work' | 'fail' | 'lose' = 'work'
        const adapter: SessionAdapter = {
          ...real,
          async save(changes) {
            if (mode === 'fail') throw new Error('down')
            const refusals = await real.save(changes)
            // The row is stored, and nobody learns of it.
            if (mode === 'lose') throw new Error('the answer was lost')
            return refusals
          },
        }
        const { openTab, clock, settle } = setUp({ adapter })
        let tab = openTab()
        const id = await tab.store.initConversation('w')
        let said = 0
        for (const next of steps) {
          if (next === 'say') tab.store.recordMessage(say(`message ${++said}`))
          else if (next === 'hide') tab.tab.tell('hidden')
          else if (next === 'wait') await clock.advance(1_500)
          else if (next === 'reload') {
            tab = tab.reload()
            expect(await tab.store.initConversation('w')).toBe(id)
          } else mode = next
        }
        mode = 'work'
        tab = tab.reload()
        expect(await tab.store.initConversation('w')).toBe(id)
        await settle()
        await clock.advance(60_000)
        expect((await real.get('', id))?.messageCount ?? 0).toBe(said)
        expect(tab.store.getState().sessions[0]?.messageCount ?? 0).toBe(said)
      }),
      { numRuns: Number(process.env.LEFTOFF_RUNS ?? 60) },
    )
  })
})

async function adapterState(adapter: SessionAdapter, fault: { hang: boolean }, id: string) {
  fault.hang = false
  const row = await adapter.get('', id)
  fault.hang = true
  return row
}

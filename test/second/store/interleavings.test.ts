import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../../src/second/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../../src/second/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../../src/second/core/adapter.js'
import type { TokenUsage } from '../../../src/second/core/session.js'
import type { SessionStore } from '../../../src/second/store/session-store.js'
import { faulty, setUp } from '../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })
const ids = (store: SessionStore) => store.getState().sessions.map(({ conversationId }) => conversationId)

type Gate = Partial<Record<'list' | 'get' | 'save' | 'remove' | 'clear', Promise<unknown> | undefined>>

/** The adapter, whose calls wait at their gate: after they did their work, or before. */
function gated(real: SessionAdapter, gate: Gate, when: 'before' | 'after' = 'after'): SessionAdapter {
  function wrap<A extends unknown[], R>(name: keyof Gate, run: (...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      const closed = gate[name]
      if (when === 'before') await closed
      const answer = await run(...args)
      if (when === 'after') await closed
      return answer
    }
  }
  return {
    ...real,
    list: wrap('list', real.list),
    get: wrap('get', real.get),
    save: wrap('save', real.save),
    remove: wrap('remove', real.remove),
    clear: wrap('clear', real.clear),
  }
}

function deferred(): { readonly p: Promise<void>; readonly open: () => void } {
  let open = (): void => {}
  const p = new Promise<void>((resolve) => {
    open = resolve
  })
  return { p, open }
}

describe('data loss', () => {
  it('New chat does not remove an imported older conversation', async () => {
    const { openTab, browser, settle } = setUp()
    browser.localStorage.setItem(
      name,
      JSON.stringify({
        sessions: [{ conversationId: 'old-1', workspace: 'w', lastActivity: 100 }],
        currentConversationId: 'old-1',
        currentWorkspace: 'w',
      }),
    )
    const { store } = openTab()
    expect(await store.initConversation('w')).toBe('old-1')
    await settle()
    expect.soft(store.getState().isResumed).toBe(true)
    store.newConversation()
    await settle()
    expect(ids(store)).toContain('old-1')
  })

  it('New chat does not remove a conversation another device has used', async () => {
    const { subscribe: _s, ...adapter } = memoryAdapter()
    const { openTab, settle, clock } = setUp({ adapter, snapshot: false })
    const a = openTab()
    const id = a.store.newConversation('w')
    await settle()
    const device = setUp({ adapter, snapshot: false, createId: () => 'of-another-device' })
    const b = device.openTab()
    expect(await b.store.initConversation('w')).toBe(id)
    for (let i = 0; i < 20; i++) b.store.recordMessage(say('x'))
    await device.clock.advance(5000)
    expect((await adapter.get('', id))?.messageCount).toBe(20)
    a.store.newConversation('w')
    await clock.advance(5000)
    expect((await adapter.get('', id))?.messageCount).toBe(20)
  })

  it('clearWorkspaceConversation(undefined) does not clear everything', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    await store.initConversation('a')
    store.recordMessage(say('x'))
    await settle()
    await store.clearWorkspaceConversation(undefined as unknown as string).catch(() => {})
    expect(store.getState().sessions).toHaveLength(1)
  })

  it('a removal queued behind a save survives dispose', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const adapter = gated(real, gate)
    const { openTab, settle } = setUp({ adapter, snapshot: false })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    const d = deferred()
    gate.save = d.p
    store.renameConversation(id, 'name')
    await settle()
    const removed = store.removeConversation(id)
    const disposed = store.dispose()
    d.open()
    await removed // resolves: claims success
    await disposed
    await settle()
    expect(await real.get('', id)).toBeUndefined()
  })

  it('a failed removal does not show the conversation again, nor is it forgotten', async () => {
    const { adapter } = faulty(memoryAdapter())
    const { subscribe: _s, ...noSub } = adapter
    const { openTab, settle } = setUp({
      adapter: {
        ...noSub,
        remove: async () => {
          throw new Error('down')
        },
      },
    })
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    await store.removeConversation(id).catch(() => {})
    tab.tell('visible')
    await settle()
    expect(ids(store)).not.toContain(id)
  })

  it('a list read before a removal does not bring the row back', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, settle } = setUp({ adapter: gated(real, gate), snapshot: false })
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    const d = deferred()
    gate.list = d.p
    tab.tell('pageshow')
    await settle()
    gate.list = undefined
    await store.removeConversation(id)
    await settle()
    d.open()
    await settle()
    expect(ids(store)).not.toContain(id)
  })

  it('a list read before clearAll does not bring rows back', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, settle } = setUp({ adapter: gated(real, gate), snapshot: false })
    const { store, tab } = openTab()
    const _id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    const d = deferred()
    gate.list = d.p
    tab.tell('pageshow')
    await settle()
    gate.list = undefined
    await store.clearAll()
    await settle()
    d.open()
    await settle()
    expect(ids(store)).toEqual([])
  })

  it('a hung first save that lands after clearAll does not bring the row back', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, settle, clock } = setUp({ adapter: gated(real, gate, 'before'), snapshot: false })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    const d = deferred()
    gate.save = d.p
    store.recordMessage(say('x'))
    await clock.advance(10_000)
    gate.save = undefined
    await store.clearAll()
    d.open()
    await clock.advance(1000)
    expect(await real.list('', { limit: 9 })).toEqual([])
  })

  it('a clear that hangs does not stop saving for ever', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    fault.hang = true
    void store.clearWorkspaceConversation('other')
    await clock.advance(1)
    fault.hang = false
    store.recordMessage(say('one'))
    await clock.advance(120_000)
    expect(store.getState().saving.pending).toBe(0)
  })
})

describe('saving', () => {
  it('after a failed save whose row was then cleared: status recovers', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    const b = await store.initConversation('b')
    store.recordMessage(say('b'))
    await settle()
    await store.initConversation('a')
    await settle()
    fault.error = Object.assign(new Error('full'), { name: 'QuotaExceededError' })
    store.recordMessage(say('a'))
    await settle()
    fault.error = undefined
    await store.clearWorkspaceConversation('a') // as the error's text says
    await store.initConversation('b')
    await clock.advance(60_000)
    expect.soft(store.getState().status).toBe('ready')
    store.recordMessage(say('b2'))
    await clock.advance(600_000)
    expect((await adapter.get('', b))?.messageCount).toBe(2) // saved at all without hiding the page
  })

  it('activity of a conversation not yet stored is coalesced while saving fails', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store, events } = openTab()
    await store.initConversation('w')
    await settle()
    let attempts = 0
    const save = adapter.save
    adapter.save = (changes) => {
      attempts++
      return save(changes)
    }
    fault.error = new Error('offline')
    for (let i = 0; i < 100; i++) {
      store.updateActivity()
      await clock.advance(10)
    }
    expect.soft(attempts).toBeLessThanOrEqual(3)
    expect(events.filter((e) => e.type === 'save-failed').length).toBeLessThanOrEqual(3)
  })

  it('a hang with 30 updates does not block a later flush for minutes', async () => {
    const { adapter } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    const _id = await store.initConversation('w')
    await settle()
    adapter.save = () => new Promise(() => {})
    for (let i = 0; i < 30; i++) store.updateActivity()
    let settled = false
    store.flush().then(
      () => {
        settled = true
      },
      () => {
        settled = true
      },
    )
    await clock.advance(25_000)
    expect(settled).toBe(true)
  })

  it('flush includes what was recorded about a conversation not yet read', async () => {
    const adapter = memoryAdapter()
    const { openTab, settle } = setUp({ adapter })
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    const { store } = openTab()
    store.recordMessage({ ...say('two'), conversationId: id })
    await store.flush()
    expect((await adapter.get('', id))?.messageCount).toBe(2)
  })
  it('dispose includes it too', async () => {
    const adapter = memoryAdapter()
    const { openTab, settle } = setUp({ adapter })
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    const { store } = openTab()
    store.recordMessage({ ...say('two'), conversationId: id })
    await store.dispose()
    await settle()
    expect((await adapter.get('', id))?.messageCount).toBe(2)
  })

  it('flush rejects (or at least does not report saved) when every attempt was refused as changed', async () => {
    const real = memoryAdapter()
    let always = false
    const adapter: SessionAdapter = {
      ...real,
      save: async (changes) =>
        always
          ? changes.map((c) => ({
              conversationId: c.session.conversationId,
              reason: 'changed' as const,
              stored: { ...c.session, messageCount: 0, revision: c.base + 1 },
            }))
          : real.save(changes),
    }
    const { openTab, settle } = setUp({ adapter, snapshot: false })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    always = true
    store.recordMessage(say('x'))
    await expect(store.flush()).rejects.toBeDefined()
  })

  it('one row that cannot be written does not keep the others from being saved', async () => {
    const { browser, openTab, clock, settle } = setUp()
    const t = openTab()
    const { store } = t
    const bad = store.newConversation('w')
    store.recordMessage(say('bad'))
    await settle()
    const good = store.newConversation('w')
    store.recordMessage(say('good'))
    await settle()
    const storage = t.tab.storage()
    const setItem = storage.setItem
    storage.setItem = (k, v) => {
      if (k.includes('/row/') && k.endsWith(bad)) throw new DOMException('full', 'QuotaExceededError')
      setItem(k, v)
    }
    store.updateActivity(bad)
    await clock.advance(1)
    store.recordMessage({ ...say('bad2'), conversationId: bad })
    store.recordMessage({ ...say('good2'), conversationId: good })
    await clock.advance(120_000)
    expect(browser.localStorage.getItem(`${name}/row//w/${good}`)).toContain('"messageCount":2')
  })

  it('no double count: a batch fails for one row, another tab saves the other in between', async () => {
    const { browser, openTab, clock, settle } = setUp()
    const t = openTab()
    const { store } = t
    const good = store.newConversation('w')
    store.recordMessage(say('good'))
    await settle()
    const bad = store.newConversation('w')
    store.recordMessage(say('bad'))
    await clock.advance(2000)
    const other = openTab()
    await other.store.initConversation('w', { conversationId: good })
    await settle()
    const storage = t.tab.storage()
    const setItem = storage.setItem
    let full = true
    storage.setItem = (k, v) => {
      if (full && k.includes('/row/') && k.endsWith(bad)) throw new DOMException('full', 'QuotaExceededError')
      setItem(k, v)
    }
    store.recordMessage({ ...say('good2'), conversationId: good })
    store.recordMessage({ ...say('bad2'), conversationId: bad })
    await store.flush().catch(() => {})
    other.store.recordMessage(say('good3')) // 3 so far in `good`
    await other.store.flush()
    full = false
    await clock.advance(60_000)
    await store.flush()
    expect(browser.localStorage.getItem(`${name}/row//w/${good}`)).toContain('"messageCount":3')
  })

  it('learns of a change that another tab made while its own save was being answered', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, clock, settle } = setUp({ snapshot: false, adapter: real })
    const a = openTab({ adapter: gated(real, gate) })
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await settle()
    const b = openTab()
    await b.store.initConversation('w')
    const d = deferred()
    gate.save = d.p
    a.store.recordMessage(say('y'))
    await clock.advance(1000) // stored, not answered
    b.store.renameConversation(id, 'From b')
    await clock.advance(1000)
    d.open()
    await clock.advance(60_000)
    expect(a.store.getState().sessions[0]).toMatchObject({ title: 'From b' })
  })
  it('learns of a removal while its own save was being answered', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, clock, settle } = setUp({ snapshot: false, adapter: real })
    const a = openTab({ adapter: gated(real, gate) })
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await settle()
    const b = openTab()
    await b.store.initConversation('w')
    const d = deferred()
    gate.save = d.p
    a.store.recordMessage(say('y'))
    await clock.advance(1000)
    await b.store.removeConversation(id)
    d.open()
    await clock.advance(60_000)
    expect(ids(a.store)).not.toContain(id)
  })

  it('saving keeps its reference while nothing in it changes', async () => {
    const { openTab, clock } = setUp({ adapter: memoryAdapter() })
    const { store } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('x'))
    await clock.advance(2000)
    let same = 0
    store.subscribe((s, p) => {
      if (s.saving !== p.saving && JSON.stringify(s.saving) === JSON.stringify(p.saving)) same++
    })
    store.updateActivity()
    await clock.advance(1500)
    store.recordMessage(say('y'))
    await clock.advance(1500)
    expect(same).toBe(0)
  })

  it('usage with a missing number does not destroy the conversation', async () => {
    const { openTab, settle } = setUp()
    const t = openTab()
    const id = await t.store.initConversation('w')
    t.store.recordMessage(say('fine'))
    await settle()
    t.store.recordMessage({
      ...say('x'),
      usage: { input: 1, output: 2, cacheRead: null, cacheWrite: undefined } as unknown as TokenUsage,
    })
    t.store.recordMessage({
      ...say('x'),
      usage: { input: 1, output: 2, cacheRead: null, cacheWrite: undefined } as unknown as TokenUsage,
    })
    await settle()
    const again = t.reload()
    expect(await again.store.initConversation('w')).toBe(id)
  })
})

describe('opening', () => {
  it('a switch that finds nothing does not cancel the opening', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, settle } = setUp({ adapter: gated(real, gate), snapshot: false })
    const { store } = openTab()
    const d = deferred()
    gate.list = d.p
    const opening = store.initConversation('w')
    await settle()
    expect(await store.switchConversation('nowhere')).toEqual({ ok: false, reason: 'not-found' })
    d.open()
    const id = await opening
    await settle()
    expect(store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
  })

  it('the last of two switches wins', async () => {
    const real = memoryAdapter()
    const gates: Record<string, Promise<void>> = {}
    const adapter: SessionAdapter = {
      ...real,
      list: async () => [],
      get: async (u, id) => {
        await gates[id]
        return real.get(u, id)
      },
    }
    const row = (conversationId: string) => ({
      session: {
        conversationId,
        workspace: 'w',
        userId: '',
        startedAt: 1,
        lastActivity: 2,
        messageCount: 1,
        revision: 1,
      },
      base: 0,
      saveId: conversationId,
    })
    await real.save([row('x'), row('y')])
    const { openTab, settle } = setUp({ adapter, snapshot: false })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    const dx = deferred(),
      dy = deferred()
    gates.x = dx.p
    gates.y = dy.p
    const sx = store.switchConversation('x')
    const sy = store.switchConversation('y')
    dx.open()
    await sx
    await settle()
    dy.open()
    await sy
    await settle()
    expect(store.getState().currentConversationId).toBe('y')
  })

  it('a message for an opening that was superseded is not lost', async () => {
    const { openTab, clock } = setUp({ adapter: memoryAdapter(), snapshot: false })
    const { store, events } = openTab()
    const a = store.initConversation('a').then((id) => {
      store.recordMessage({ ...say('x'), conversationId: id })
      return id
    })
    await store.initConversation('b')
    const id = await a
    await clock.advance(2000)
    expect.soft(events).toEqual([])
    expect(store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 1 }])
  })

  it('a superseded opening does not take the pointer from a conversation begun since', async () => {
    const real = memoryAdapter()
    await real.save([
      {
        session: {
          conversationId: 'old',
          workspace: 'a',
          userId: '',
          startedAt: 1,
          lastActivity: 2,
          messageCount: 1,
          revision: 1,
        },
        base: 0,
        saveId: 's',
      },
    ])
    let wait: Promise<void> | undefined
    const adapter: SessionAdapter = {
      ...real,
      list: async (u, q) => {
        const r = await real.list(u, q)
        if (q.workspace === 'a') await wait
        return r
      },
    }
    const { openTab, settle, clock } = setUp({ adapter, snapshot: false })
    const { store } = openTab()
    const d = deferred()
    wait = d.p
    const opening = store.initConversation('a')
    await settle()
    const begun = store.newConversation('a')
    store.recordMessage(say('mine'))
    await settle()
    await store.initConversation('b')
    wait = undefined
    d.open()
    await opening
    await clock.advance(2000)
    expect(await store.initConversation('a')).toBe(begun)
  })

  it('switching to the conversation that is current changes nothing', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    const before = store.getState().isResumed
    await store.switchConversation(id)
    expect(store.getState().isResumed).toBe(before)
  })
})

describe('snapshot', () => {
  it('disposing a store that never opened writes nothing', async () => {
    const { openTab, browser } = setUp()
    const { store } = openTab()
    await store.dispose()
    expect(browser.localStorage.length).toBe(0)
  })
  it('does not empty the snapshot of another store', async () => {
    const { openTab, browser, settle } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await settle()
    await openTab({ userId: null }).store.dispose()
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '').currentConversationId).toBe(id)
  })
  it('a page left while it opens does not empty the snapshot', async () => {
    const { openTab, browser, settle } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await settle()
    const b = a.reload()
    void b.store.initConversation('w')
    b.tab.tell('pagehide')
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '').currentConversationId).toBe(id)
  })
})

describe('older data', () => {
  it('is imported although there is no room for a copy', async () => {
    const { openTab, browser } = setUp()
    browser.localStorage.setItem(
      name,
      JSON.stringify({
        sessions: [{ conversationId: 'old-1', workspace: 'w', lastActivity: 100 }],
        currentConversationId: 'old-1',
        currentWorkspace: 'w',
      }),
    )
    const t = openTab()
    const storage = t.tab.storage()
    const setItem = storage.setItem
    storage.setItem = (k, v) => {
      if (/older\/\d+$/.test(k)) throw new DOMException('full', 'QuotaExceededError')
      setItem(k, v)
    }
    expect(await t.store.initConversation('w')).toBe('old-1')
  })
  it('copies do not grow without bound while an older tab is still open', async () => {
    const { openTab, browser } = setUp()
    const { store, tab } = openTab()
    await store.initConversation('w')
    for (let i = 0; i < 50; i++) {
      browser.localStorage.setItem(
        name,
        JSON.stringify({
          sessions: [{ conversationId: 'old-1', workspace: 'w', lastActivity: 100 + i }],
          currentConversationId: 'old-1',
          currentWorkspace: 'w',
        }),
      )
      tab.tell('hidden')
    }
    const keys = Array.from({ length: browser.localStorage.length }, (_, i) => browser.localStorage.key(i) ?? '')
    expect(keys.filter((k) => k.includes('/older/')).length).toBeLessThan(10)
  })
})

describe('persistContent: false', () => {
  async function withContent(_own = {}) {
    const s = setUp()
    const a = s.openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('a secret'))
    a.store.renameConversation(id, 'Top secret')
    await s.clock.advance(2000)
    a.store.newConversation()
    a.store.recordMessage(say('later'))
    await s.clock.advance(2000)
    await a.store.dispose()
    return { ...s, id }
  }
  it('opening by id, outside the ring', async () => {
    const { openTab, id } = await withContent()
    const { store } = openTab({ persistContent: false, capacity: 1 })
    await store.initConversation('w', { conversationId: id })
    expect(JSON.stringify(store.getState())).not.toContain('secret')
  })
  it('rebase on a row another tab stored with content', async () => {
    const { openTab, clock } = setUp({
      adapter: (() => {
        const { subscribe: _, ...a } = memoryAdapter()
        return a
      })(),
      snapshot: false,
    })
    const a = openTab({ persistContent: false })
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await clock.advance(2000)
    const b = openTab()
    await b.store.initConversation('w')
    b.store.renameConversation(id, 'Top secret')
    await clock.advance(2000)
    a.store.recordMessage(say('y'))
    await clock.advance(2000)
    expect(JSON.stringify(a.store.getState())).not.toContain('secret')
  })
  it('import of an older blob', async () => {
    const { openTab, clock } = setUp()
    const adapter = memoryAdapter()
    const t = openTab({ persistContent: false, adapter })
    t.tab.storage().setItem(
      name,
      JSON.stringify({
        sessions: [
          {
            conversationId: 'o',
            workspace: 'w',
            lastActivity: 1,
            title: 'Top secret',
            lastMessagePreview: 'a secret',
          },
        ],
        currentConversationId: 'o',
        currentWorkspace: 'w',
      }),
    )
    await t.store.initConversation('w')
    await clock.advance(2000)
    expect(JSON.stringify(await adapter.list('', { limit: 9 }))).not.toContain('secret')
  })
})

describe('dispose', () => {
  it('a disposed store stays silent', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store, events } = openTab()
    await store.initConversation('w')
    await settle()
    store.recordMessage(say('x'))
    await settle()
    fault.error = new Error('down')
    store.recordMessage(say('x'))
    await store.dispose()
    await clock.advance(60_000)
    expect(events).toEqual([])
  })
})

describe('adapters', () => {
  const row = {
    conversationId: 'c1',
    workspace: 'w',
    userId: '',
    startedAt: 1,
    lastActivity: 2,
    messageCount: 1,
    revision: 1,
  }
  it('a row beside its tombstone (a racing writer) is not listed', async () => {
    const { browser } = setUp()
    const tab = browser.openTab()
    const adapter = localStorageAdapter(tab)
    await adapter.save([{ session: row, base: 0, saveId: 's' }])
    const bytes = browser.localStorage.getItem(`${name}/row//w/c1`) ?? ''
    await adapter.remove('', ['c1'])
    browser.localStorage.setItem(`${name}/row//w/c1`, bytes) // read before, written after
    expect(await adapter.list('', { limit: 9 })).toEqual([])
  })

  it('a tab that sees the row go before its tombstone comes does not put it back', async () => {
    const { browser, openTab, clock, settle } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await clock.advance(2000)
    a.tab.crash()
    const b = openTab()
    expect(await b.store.initConversation('w')).toBe(id)
    await settle()
    // Another renderer removes: this one hears of each write by itself, as Chromium sends them.
    const key = `${name}/row//w/${id}`
    browser.localStorage.removeItem(key)
    b.tab.events.dispatchEvent(Object.assign(new Event('storage'), { key }))
    await settle()
    browser.localStorage.setItem(`${name}/removed//${id}`, '1')
    b.tab.events.dispatchEvent(Object.assign(new Event('storage'), { key: `${name}/removed//${id}` }))
    await clock.advance(5000)
    expect.soft(ids(b.store)).not.toContain(id)
    expect.soft(b.events.map((e) => e.type)).toContain('conversation-lost')
    expect(browser.localStorage.getItem(key)).toBeNull()
  })
})

import { beforeEach, describe, expect, it, vi } from 'vitest'
import { rowsPerTask } from '../../src/adapters/local-storage/list-rows.js'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import type { AdapterReport, Change } from '../../src/core/adapter.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { session } from '../support/session.js'

describe('localStorageAdapter', () => {
  let browser = fakeBrowser()
  beforeEach(() => {
    browser = fakeBrowser()
  })

  describe('two tabs', () => {
    sessionAdapterConformance({ open: () => localStorageAdapter(browser.openTab()), destroy: () => {} })
  })

  describe('two handles in one page', () => {
    let tab = browser.openTab()
    sessionAdapterConformance({
      open: () => localStorageAdapter(tab),
      destroy: () => {
        tab = browser.openTab()
      },
    })
  })

  const row = session({ title: 'Trip', messageCount: 3 })
  const created: Change = { session: row, base: 0, saveId: 's1' }
  const rowKey = 'claude-session-storage/row//w/c1'

  it('writes before save returns its promise', () => {
    const adapter = localStorageAdapter(browser.openTab())
    void adapter.save([created])
    expect(browser.localStorage.getItem(rowKey)).toContain('"s1"')
  })

  it('leaves the row alone when another tab renames', async () => {
    const [owner, other] = [localStorageAdapter(browser.openTab()), localStorageAdapter(browser.openTab())]
    await owner.save([created])
    const bytes = browser.localStorage.getItem(rowKey)
    await other.save([{ session: { ...row, title: 'Journey', revision: 2 }, base: 1, saveId: 's2' }])
    expect(browser.localStorage.getItem(rowKey)).toBe(bytes)
    expect(await owner.get('', 'c1')).toEqual({ ...row, title: 'Journey', revision: 2 })
  })

  it('sets a damaged row aside with its bytes, keeps its neighbours, and reports once', async () => {
    const adapter = localStorageAdapter(browser.openTab())
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    await adapter.save([created, { session: session({ conversationId: 'c2' }), base: 0, saveId: 's2' }])
    browser.localStorage.setItem(rowKey, '{"schemaVersion":1,"sess')

    expect(await adapter.list('', { limit: 10 })).toMatchObject([{ conversationId: 'c2' }])
    expect(await adapter.get('', 'c1')).toBeUndefined()
    expect(reports).toMatchObject([{ type: 'row-set-aside', conversationId: 'c1', error: { code: 'invalid-session' } }])
    const kept = `claude-session-storage/set-aside/${rowKey.replaceAll('/', '%2F')}`
    expect(browser.localStorage.getItem(kept)).toBe('{"schemaVersion":1,"sess')
  })

  it('leaves a row of a newer version alone, refuses to overwrite it, and reports once', async () => {
    const adapter = localStorageAdapter(browser.openTab())
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    const newer = JSON.stringify({ schemaVersion: 99, whatever: true })
    browser.localStorage.setItem(rowKey, newer)

    expect(await adapter.list('', { limit: 10 })).toEqual([])
    expect(await adapter.save([created])).toEqual([{ conversationId: 'c1', reason: 'newer-version' }])
    expect(await adapter.save([{ ...created, base: 4 }])).toEqual([{ conversationId: 'c1', reason: 'newer-version' }])
    expect(browser.localStorage.getItem(rowKey)).toBe(newer)
    expect(reports).toMatchObject([{ type: 'newer-version', conversationId: 'c1' }])
  })

  it('says when the storage is full, and has changed nothing then', async () => {
    const adapter = localStorageAdapter(browser.openTab())
    await adapter.save([created])
    const full = browser.openTab()
    const setItem = full.storage().setItem
    const storage = Object.assign(Object.create(full.storage()), {
      setItem(key: string, value: string) {
        if (key === rowKey) throw new DOMException('full', 'QuotaExceededError')
        setItem(key, value)
      },
    })
    const failing = localStorageAdapter({ ...full, storage: () => storage })
    const change = { session: { ...row, messageCount: 9, title: 'New', revision: 2 }, base: 1, saveId: 's2' }
    await expect(failing.save([change])).rejects.toMatchObject({ code: 'quota-exceeded' })
    expect(await adapter.get('', 'c1')).toEqual(row)
    expect(await adapter.save([change])).toEqual([])
  })

  it('says that storage is unavailable when access to it throws', async () => {
    const adapter = localStorageAdapter({
      storage: () => {
        throw new DOMException('blocked', 'SecurityError')
      },
    })
    await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'storage-unavailable' })
    await expect(adapter.save([created])).rejects.toMatchObject({ code: 'storage-unavailable' })
  })

  it('says so on a server, where there is none', async () => {
    await expect(localStorageAdapter().list('', { limit: 1 })).rejects.toMatchObject({ code: 'storage-unavailable' })
  })

  it('is not confused by ids that look like keys', async () => {
    const adapter = localStorageAdapter(browser.openTab())
    const odd = [
      session({ conversationId: 'a/b', workspace: 'w' }),
      session({ conversationId: 'b', workspace: 'w/a' }),
      session({ conversationId: 'a%2Fb', workspace: 'w' }),
      session({ conversationId: '__proto__', workspace: '::' }),
    ]
    expect(await adapter.save(odd.map((session) => ({ session, base: 0, saveId: session.conversationId })))).toEqual([])
    for (const row of odd) expect(await adapter.get('', row.conversationId)).toEqual(row)
    await adapter.remove('', ['a/b'])
    expect(await adapter.list('', { limit: 10 })).toHaveLength(3)
  })

  it('believes the key of a row, whatever its value says of whose it is', async () => {
    const adapter = localStorageAdapter(browser.openTab())
    const value = {
      schemaVersion: 1,
      saveId: 's1',
      session: { ...row, userId: 'u2', workspace: 'x', conversationId: 'c9' },
    }
    browser.localStorage.setItem(rowKey, JSON.stringify(value))
    expect(await adapter.get('', 'c1')).toMatchObject({ userId: '', workspace: 'w', conversationId: 'c1' })
    expect(await adapter.list('', { workspace: 'w', limit: 10 })).toMatchObject([{ conversationId: 'c1' }])
  })

  it('finds a row that was cleared away and begun anew in another workspace', async () => {
    const [mine, other] = [localStorageAdapter(browser.openTab()), localStorageAdapter(browser.openTab())]
    await mine.save([created])
    expect(await mine.get('', 'c1')).toEqual(row)
    browser.localStorage.clear()
    expect(await mine.get('', 'c1')).toBeUndefined()
    await other.save([{ ...created, session: { ...row, workspace: 'w2' } }])
    expect(await mine.get('', 'c1')).toEqual({ ...row, workspace: 'w2' })
  })

  it('keeps a tombstone for 30 days, without content', async () => {
    const day = 24 * 60 * 60 * 1_000
    let time = 1_000
    const adapter = localStorageAdapter({ ...browser.openTab(), now: () => time })
    await adapter.save([created])
    await adapter.remove('', ['c1'])
    const tombstone = 'claude-session-storage/removed//c1'
    expect(browser.localStorage.getItem(tombstone)).toBe('1000')
    time += 30 * day
    await adapter.remove('', ['c2'])
    expect(browser.localStorage.getItem(tombstone)).toBe('1000')
    time += 1
    await adapter.remove('', ['c3'])
    expect(browser.localStorage.getItem(tombstone)).toBeNull()
  })

  it('finds the newest among many without parsing the others', async () => {
    const adapter = localStorageAdapter(browser.openTab())
    const rows = Array.from({ length: 300 }, (_, at) =>
      session({ conversationId: `c${at}`, lastActivity: at, title: '"lastActivity":999999' }),
    )
    await adapter.save(rows.map((session) => ({ session, base: 0, saveId: session.conversationId })))
    const parse = vi.spyOn(JSON, 'parse')
    const newest = await adapter.list('', { limit: 3 })
    const parsed = parse.mock.calls.length
    parse.mockRestore()
    expect(newest.map(({ lastActivity }) => lastActivity)).toEqual([299, 298, 297])
    expect(parsed).toBeLessThanOrEqual(6) // a row and a title each
  })

  it('lets the page work while it looks through thousands of rows, and takes what is saved meanwhile for what it is', async () => {
    const adapter = localStorageAdapter(browser.openTab())
    const rows = Array.from({ length: 3 * rowsPerTask }, (_, at) =>
      session({ conversationId: `c${at}`, lastActivity: at }),
    )
    await adapter.save(rows.map((session) => ({ session, base: 0, saveId: session.conversationId })))

    const listing = adapter.list('', { limit: 2 })
    let hasListed = false
    void listing.then(() => {
      hasListed = true
    })
    await new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(undefined)
    })
    expect(hasListed).toBe(false)
    const renewed = { ...session({ conversationId: 'c2999', lastActivity: 5_000 }), revision: 2 }
    void adapter.save([{ session: renewed, base: 1, saveId: 'meanwhile' }])
    void adapter.remove('', ['c2998'])
    expect(await listing).toEqual([renewed, session({ conversationId: 'c2997', lastActivity: 2_997 })])
  })

  it('tells its subscribers when a person clears the storage', async () => {
    const tab = browser.openTab()
    const told: (readonly string[])[] = []
    localStorageAdapter(tab).subscribe?.('', (ids) => told.push(ids))
    tab.events.dispatchEvent(Object.assign(new Event('storage'), { key: null }))
    expect(told).toEqual([[]])
  })
})

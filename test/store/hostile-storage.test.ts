import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { parseJson, readRow } from '../../src/core/checks.js'
import { isNewerRow } from '../../src/core/stored-row.js'
import { parseLegacyBlob } from '../../src/legacy/import-legacy.js'
import { msToComeBack, readPointer } from '../../src/store/device-keys.js'
import { drafts } from '../../src/store/drafts.js'
import { readJournal } from '../../src/store/journal.js'
import { readClaimMessage } from '../../src/store/other-tabs.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { changeTo, session } from '../support/session.js'
import { keysOf } from '../support/tabs.js'
import { userIn } from '../support/user.js'

// Of each reader; 100,000 with LEFTOFF_SOAK.
const runs = process.env.LEFTOFF_SOAK ? 100_000 : 2_000
const name = 'claude-session-storage'
const row = session({ title: 'Trip', lastMessagePreview: 'see "you" 🙂', messageCount: 3 })
const stored = JSON.stringify({
  schemaVersion: 1,
  epoch: '',
  startedAt: 0,
  activity: { at: 5, rank: 5 },
  messages: 3,
  usage: { input: 1, output: 2 },
  scopes: [['stored00', 3, { input: 1, output: 2 }]],
  preview: { text: 'see "you" 🙂', rank: 5 },
  titles: { person: { text: 'Trip', rank: 5 } },
  writtenAt: 5,
  folded: ['author99'],
})
const seeds = [
  stored,
  JSON.stringify(changeTo(row)),
  JSON.stringify({ removed: true, epoch: '', dueAt: 7 }),
  JSON.stringify({ conversationId: 'c1', epoch: '' }),
  JSON.stringify({ text: 'typing', workspace: 'w', at: 3, epoch: '' }),
  JSON.stringify({ at: 3, ids: ['c1'] }),
  JSON.stringify({ type: 'held', id: 'c1', since: 5, from: 'page' }),
  JSON.stringify({ state: { sessions: [row], currentConversationId: 'c1', currentWorkspace: 'w' }, version: 0 }),
]

/** What bugs, bit rot and attackers leave: cut, spliced, retyped, with keys that reach for prototypes. */
const mutated = fc.oneof(
  fc.tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(40), fc.string()).map(([text, at, length, insert]) => {
    const start = at % text.length
    return text.slice(0, start) + insert + text.slice(start + length)
  }),
  fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.constantFrom(
        ...['activity', 'at', 'rank', 'conversationId', 'counts', 'scopes', 'messages', 'sessions', 'userId', 'epoch'],
        ...['folded', 'writtenAt', 'ids', 'dueAt', 'schemaVersion', 'type', 'since', 'text'],
      ),
      fc.oneof(
        fc.constantFrom('null', '-1', '1e999', '"x"', '[]', '{}', '{"__proto__":{"polluted":1}}', '"__proto__"'),
        fc.json(),
      ),
    )
    .map(([text, key, value]) => text.replace(new RegExp(`"${key}":("[^"]*"|[^,}]*)`), `"${key}":${value}`)),
  fc.json(),
  fc.string(),
  fc.constantFrom('', 'null', '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'),
)

function unharmed(): void {
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
}

describe('whatever stands in storage', { timeout: 60_000 + runs * 5 }, () => {
  it('the localStorage adapter never throws, and loses no valid neighbour', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, mutated, async (damaged, tombstone) => {
        const { localStorage, openTab } = fakeBrowser()
        localStorage.setItem(`${name}/part//w/neighbour/author01`, stored)
        localStorage.setItem(`${name}/part//w/c1/author01`, damaged)
        localStorage.setItem(`${name}/removed//c2`, tombstone)
        const adapter = localStorageAdapter({ ...openTab(), now: () => 10 })
        const { sessions } = await adapter.list('', { workspace: 'w', limit: 10 })
        expect(sessions.map(({ conversationId }) => conversationId)).toContain('neighbour')
        await adapter.get('', 'c1')
        expect(await adapter.get('', 'c2')).toBe('removed')
        const refusals = await adapter.save([changeTo(row, 'late0000')])
        // A row of a later leftoff is left alone; whatever else stands there, what is said now is kept.
        const value = parseJson(damaged)
        if (refusals.length > 0) expect(isNewerRow(value)).toBe(true)
        else {
          const after = await adapter.get('', 'c1')
          if (typeof after !== 'object') throw new Error('not saved')
          expect(after.messageCount).toBeGreaterThanOrEqual(3)
        }
        // The bytes are there still: in place, quarantined, or read and so well-formed, or of a sign-in that ended.
        const all = keysOf(localStorage).map((key) => localStorage.getItem(key))
        const fields = typeof value === 'object' && value !== null ? value : {}
        const isRead = readRow({ ...fields, userId: '', workspace: 'w', conversationId: 'c1' }).ok
        if (!isRead) expect(all).toContain(damaged)
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('a pointer, a stamp and a draft are hints at most', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { localStorage, openTab } = fakeBrowser()
        const tab = openTab()
        const storage = drafts()
        const user = userIn(tab, { drafts: storage })
        tab.sessionStorage.setItem(`${name}/pointer//w/`, text)
        localStorage.setItem(`${name}/left/`, text)
        localStorage.setItem(`${name}/draft//c1`, text)
        const found = readPointer(user, 'w')
        expect(found).not.toBe('')
        expect(msToComeBack(user, 'c1', 3)).toBeGreaterThanOrEqual(0)
        expect(msToComeBack(user, 'c1', 3)).toBeLessThanOrEqual(250)
        expect(typeof storage.read(user, 'c1', true)).toBe('string')
        for (const { conversationId } of storage.listed(user, 'w')) expect(conversationId).toBe('c1')
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('a journal entry is sent whole, removed with its sign-in, or quarantined with its bytes', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { localStorage, openTab } = fakeBrowser()
        const key = `${name}/journal//c1/page1`
        localStorage.setItem(`${name}/journaled/`, '1')
        localStorage.setItem(key, text)
        const events: unknown[] = []
        const user = userIn(openTab(), { emit: (event) => events.push(event) })
        readJournal(user)
        const replays = [...user.replays.values()]
        if (events.length > 0) {
          expect(localStorage.getItem(`${name}/quarantine/${key.replaceAll('/', '%2F')}`)).toBe(text)
        } else if (replays.length === 0) {
          expect(parseJson(text)).not.toMatchObject({ epoch: '' })
          expect(localStorage.getItem(key)).toBeNull()
        }
        for (const replay of replays) expect(replay).toMatchObject({ conversationId: 'c1', key, text })
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('an older blob gives only changes that can be stored', async () => {
    const adapter = memoryAdapter()
    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        const { changes } = parseLegacyBlob(text, '', 5)
        expect(await adapter.save(changes.map((change) => ({ ...change, epoch: '' })))).toEqual([])
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('a stored row reads the same when it is written again', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const value = parseJson(text)
        const read = readRow(typeof value === 'object' && value !== null ? { ...row, ...value } : value)
        if (read.ok) expect(readRow(JSON.parse(JSON.stringify(read.value)))).toEqual(read)
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('a message of another page is one of those that are known, or none', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const message = readClaimMessage(parseJson(text))
        if (message) expect(['held', 'ask', 'released', 'changed']).toContain(message.type)
        unharmed()
      }),
      { numRuns: runs },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../../src/second/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../../src/second/adapters/memory/memory-adapter.js'
import { readStoredRow } from '../../../src/core/stored-row.js'
import { createJournal } from '../../../src/second/store/journal.js'
import { parseOlderBlob } from '../../../src/second/store/older-blob.js'
import { createPointers } from '../../../src/second/store/pointers.js'
import { fakeBrowser } from '../../../src/second/testing/fake-browser.js'
import { session } from '../../support/session.js'

// Of each reader; 100,000 with LEFTOFF_SOAK.
const runs = process.env.LEFTOFF_SOAK ? 100_000 : 2_000
const name = 'claude-session-storage'
const row = session({ title: 'Trip', lastMessagePreview: 'see "you" 🙂', messageCount: 3 })
const stored = JSON.stringify({ schemaVersion: 1, saveId: 's1', session: row })
const seeds = [
  stored,
  JSON.stringify({ row, isAcknowledged: false }),
  JSON.stringify({ row, sealed: [{ saveId: 's', unsaved: { messages: 1, title: 'x' } }] }),
  JSON.stringify({ title: 'Trip', revision: 2, saveId: 's2' }),
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
        'revision',
        'lastActivity',
        'conversationId',
        'session',
        'row',
        'sealed',
        'sessions',
        'userId',
        'saveId',
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

describe('whatever stands in storage', { timeout: 60_000 }, () => {
  it('the localStorage adapter never throws, and loses no valid neighbour', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, mutated, async (damagedRow, damagedTitle) => {
        const { localStorage, openTab } = fakeBrowser()
        localStorage.setItem(`${name}/row//w/neighbour`, stored.replace('"c1"', '"neighbour"'))
        localStorage.setItem(`${name}/row//w/c1`, damagedRow)
        localStorage.setItem(`${name}/title//c1`, damagedTitle)
        const adapter = localStorageAdapter(openTab())
        const listed = await adapter.list('', { workspace: 'w', limit: 10 })
        expect(listed.map(({ conversationId }) => conversationId)).toContain('neighbour')
        await adapter.get('', 'c1')
        await adapter.save([{ session: { ...row, revision: 9 }, base: 8, saveId: 's9' }])
        // The bytes are there still: in place, set aside, or read and so well-formed.
        const all = Array.from({ length: localStorage.length }, (_, at) =>
          localStorage.getItem(localStorage.key(at) ?? ''),
        )
        const isRead = readStoredRow(safeParse(damagedRow)).kind === 'row'
        if (!isRead) expect(all).toContain(damagedRow)
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('a pointer is a hint at most', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { sessionStorage } = fakeBrowser().openTab()
        sessionStorage.setItem(`${name}/pointer//w`, text)
        const found = createPointers(name, () => sessionStorage).read('', 'w')
        if (found) expect(found.row).toMatchObject({ userId: '', workspace: 'w', conversationId: expect.any(String) })
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('a journal entry is replayed whole or set aside with its bytes', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { localStorage, openTab } = fakeBrowser()
        const key = `${name}/journal//c1/d1`
        localStorage.setItem(key, text)
        const storage = openTab().storage
        const journal = createJournal({ name, userId: '', documentId: () => 'd2', now: () => 0, storage })
        const { entries, errors } = journal.read()
        if (errors.length > 0) {
          expect(localStorage.getItem(`${name}/set-aside/${key.replaceAll('/', '%2F')}`)).toBe(text)
        }
        for (const entry of entries) expect(entry.conversationId).toBe('c1')
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('an older blob gives only rows that can be stored', async () => {
    const adapter = memoryAdapter()
    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        const { sessions } = parseOlderBlob(text, '', 5)
        await adapter.save(sessions.map((one) => ({ session: one, base: 0, saveId: one.conversationId })))
        unharmed()
      }),
      { numRuns: runs },
    )
  })

  it('a stored row is a row, newer, or invalid', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const read = readStoredRow(safeParse(text))
        if (read.kind === 'row') expect(readStoredRow(JSON.parse(JSON.stringify(read.row)))).toEqual(read)
        else expect(read.error.code).toBe(read.kind === 'invalid' ? 'invalid-session' : 'newer-version')
        unharmed()
      }),
      { numRuns: runs },
    )
  })
})

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

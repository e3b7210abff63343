import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { readChange } from '../../src/core/checks.js'
import { parseLegacyBlob } from '../../src/legacy/import-legacy.js'

const now = 1_800_000_000_000
const row = { conversationId: 'c1', workspace: 'w', lastActivity: 1_700_000_000_000 }

function read(...sessions: readonly unknown[]) {
  return parseLegacyBlob(JSON.stringify({ sessions, currentConversationId: 'c1', currentWorkspace: 'w' }), 'u1', now)
}

describe('an older app’s blob', () => {
  it.each([
    ['milliseconds', 1_700_000_000_000],
    ['seconds', 1_700_000_000],
    ['a text of seconds', '1700000000'],
    ['ISO', '2023-11-14T22:13:20.000Z'],
  ])('is read with its times in %s', (_what, lastActivity) => {
    const { changes, errors } = read({ ...row, lastActivity, startedAt: lastActivity })
    expect(changes).toMatchObject([
      { conversationId: 'c1', begins: 1_700_000_000_000, activity: { at: 1_700_000_000_000 } },
    ])
    expect(errors).toEqual([])
  })

  it.each([
    ['missing', undefined],
    ['negative', -1],
    ['no number', {}],
    ['nonsense', 'yesterday'],
    ['endless', 1e300],
    ['in the far future', '2100-01-01'],
  ])('is read as of now where a time is %s', (_what, lastActivity) => {
    expect(read({ ...row, lastActivity }).changes).toMatchObject([{ activity: { at: now } }])
  })

  it.each([
    ['plain', { sessions: [row] }],
    ['in the envelope of zustand', { state: { sessions: [row] }, version: 0 }],
    ['with its state as JSON in JSON', { state: JSON.stringify({ sessions: [row] }), version: 0 }],
    ['with its sessions as JSON in JSON', { sessions: JSON.stringify([row]) }],
    ['with each session as JSON in JSON', { sessions: [JSON.stringify(row)] }],
    ['with its sessions by id', { sessions: { c1: row } }],
  ])('is read %s', (_how, blob) => {
    expect(parseLegacyBlob(JSON.stringify(blob), 'u1', now).changes).toMatchObject([{ conversationId: 'c1' }])
  })

  it('is read as a whole that is JSON in JSON', () => {
    const blob = JSON.stringify(JSON.stringify({ sessions: [row] }))
    expect(parseLegacyBlob(JSON.stringify(blob), 'u1', now).errors).toHaveLength(1) // three times is nobody's
    expect(parseLegacyBlob(blob, 'u1', now).changes).toMatchObject([{ conversationId: 'c1' }])
  })

  it('says which entry lacks what', () => {
    const blob = JSON.stringify({ sessions: { alpha: { conversationId: 'c1' }, beta: { workspace: 'w' } } })
    const { changes, errors } = parseLegacyBlob(blob, 'u1', now)
    expect(changes).toEqual([])
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('its sessions["alpha"] has no valid workspace'),
      expect.stringContaining('its sessions["beta"] has no valid conversationId'),
    ])
  })

  it('is read from another shape, plain or in an envelope, as the app reads it', () => {
    const state = { chats: [{ id: 'c1' }, { id: '' }] }
    const read = ({ chats }: typeof state) => chats.map(({ id }) => ({ conversationId: id, workspace: 'w' }))
    for (const blob of [state, { state, version: 4 }, { state: JSON.stringify(state) }]) {
      const { changes, errors, mayReplace } = parseLegacyBlob(JSON.stringify(blob), 'u1', now, read)
      expect(changes).toMatchObject([{ conversationId: 'c1', workspace: 'w' }])
      expect(errors.map(({ message }) => message)).toEqual([
        expect.stringContaining('its sessions["1"] has no valid conversationId'),
      ])
      expect(mayReplace).toBe(true)
    }
  })

  it('keeps why the app could not read it', () => {
    const cause = new TypeError('an app that did not expect null')
    const read = () => {
      throw cause
    }
    expect(parseLegacyBlob('{"chats":null}', 'u1', now, read)).toMatchObject({
      changes: [],
      errors: [{ code: 'invalid-session', cause }],
      mayReplace: false,
    })
  })

  it('is read as of its start where the time of the last activity is missing', () => {
    const [change] = read({ conversationId: 'c1', workspace: 'w', startedAt: 1_700_000_000 }).changes
    expect(change).toMatchObject({ begins: 1_700_000_000_000, activity: { at: 1_700_000_000_000 } })
  })

  it('is titled by its preview, unless it has a title', () => {
    const lastMessagePreview = `Plan a trip ${'far '.repeat(50)}`
    const rank = row.lastActivity
    const message = { text: lastMessagePreview.slice(0, 60).trim(), rank }
    expect(read({ ...row, lastMessagePreview }).changes[0]?.titles).toEqual({ message })
    expect(read({ ...row, lastMessagePreview, title: 'Oslo' }).changes[0]?.titles).toEqual({
      message,
      person: { text: 'Oslo', rank },
    })
  })

  it('has long titles cut and unreadable characters replaced', () => {
    const [change] = read({ ...row, title: `\ud800${'x'.repeat(5_000)}` }).changes
    expect(change?.titles?.person?.text).toBe(`\ufffd${'x'.repeat(999)}`)
  })

  it('keeps counts and usage, and drops numbers that are none', () => {
    const tokenUsage = { input: 3, output: 4 }
    expect(read({ ...row, messageCount: 5, tokenUsage }).changes).toMatchObject([
      { counts: { imported: { messages: 5, usage: tokenUsage } } },
    ])
    expect(read({ ...row, messageCount: -5, tokenUsage: { input: 'many' } }).changes[0]?.counts).toBeUndefined()
  })

  it('names the conversation that was current, unless its id is none', () => {
    expect(read(row).current).toEqual([{ conversationId: 'c1', workspace: 'w' }])
    const blob = JSON.stringify({ sessions: [], currentConversationId: 7, currentWorkspace: 'w' })
    expect(parseLegacyBlob(blob, 'u1', now).current).toEqual([])
  })

  it('never makes reading throw, and gives only changes that can be stored', async () => {
    const anything = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ sessions: fc.oneof(fc.array(fc.object()), fc.jsonValue()), currentConversationId: fc.jsonValue() })
        .map((state) => JSON.stringify({ state, version: 0 })),
      fc
        .array(
          fc.record({
            conversationId: fc.oneof(fc.string(), fc.jsonValue()),
            workspace: fc.oneof(fc.string(), fc.jsonValue()),
            lastActivity: fc.oneof(fc.double(), fc.string(), fc.date().map(String), fc.jsonValue()),
            startedAt: fc.jsonValue(),
            messageCount: fc.oneof(fc.double(), fc.jsonValue()),
            title: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
            lastMessagePreview: fc.string({ unit: 'binary' }),
            tokenUsage: fc.oneof(fc.record({ input: fc.double(), output: fc.integer() }), fc.jsonValue()),
          }),
        )
        .map((sessions) => JSON.stringify({ sessions })),
    )
    const adapter = memoryAdapter({ clock: { now: () => now, monotonic: () => 0, setTimeout: () => () => {} } })
    await fc.assert(
      fc.asyncProperty(anything, async (blob) => {
        const { changes } = parseLegacyBlob(blob, 'u1', now)
        for (const change of changes) expect(readChange({ ...change, epoch: '' }, now)).toMatchObject({ ok: true })
        expect(await adapter.save(changes.map((change) => ({ ...change, epoch: '' })))).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })
})

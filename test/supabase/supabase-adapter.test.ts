import { describe, expect, it } from 'vitest'
import { supabaseAdapter } from '../../src/adapters/supabase/supabase-adapter.js'
import type { AdapterReport, Change, SessionAdapter } from '../../src/core/adapter.js'
import type { ConversationSession } from '../../src/core/session.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { session } from '../support/session.js'
import { browserClient, sql } from './supabase.js'

const day = 24 * 60 * 60 * 1000

describe('the contract', () => {
  sessionAdapterConformance({
    open: (userId) => supabaseAdapter({ client: browserClient(userId) }),
    destroy: async () => void (await sql("delete from app.conversation_sessions where user_id in ('u1', 'u2')")),
  })
})

describe('the user', () => {
  it('is the one of the token: nothing of another is given, written or rewritten', async () => {
    const { adapter: theirs, userId: them } = open()
    await theirs.save([create({ userId: them, title: 'theirs' })])
    const { adapter, userId } = open()
    const forbidden = { code: 'forbidden' }
    await expect(adapter.list(them, { limit: 10 })).rejects.toMatchObject(forbidden)
    await expect(adapter.get(them, 'c1')).rejects.toMatchObject(forbidden)
    await expect(adapter.remove(them, ['c1'])).rejects.toMatchObject(forbidden)
    await expect(adapter.clear(them)).rejects.toMatchObject(forbidden)
    const both = [create({ userId, conversationId: 'mine' }), create({ userId: them, conversationId: 'planted' })]
    await expect(adapter.save(both)).rejects.toMatchObject(forbidden)
    expect(await adapter.list(userId, { limit: 10 })).toEqual([])
    expect(await theirs.list(them, { limit: 10 })).toMatchObject([{ title: 'theirs' }])
  })

  it('who is not signed in gets nothing', async () => {
    const adapter = supabaseAdapter({ client: browserClient() })
    await expect(adapter.list('', { limit: 10 })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(adapter.save([create({ userId: '' })])).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('a save', () => {
  it('takes no activity of the future: by a clock that is fast a conversation would stay on top', async () => {
    const { adapter, userId } = open()
    const before = Date.now()
    await adapter.save([create({ userId, lastActivity: before + day })])
    const [row] = await adapter.list(userId, { limit: 1 })
    expect(row?.lastActivity).toBeGreaterThanOrEqual(before - 1)
    expect(row?.lastActivity).toBeLessThan(before + day)
  })

  it('of one row by ten devices at once: one is accepted, the others hear what is stored', async () => {
    const { adapter, userId } = open()
    await adapter.save([create({ userId })])
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, device) =>
        supabaseAdapter({ client: browserClient(userId) }).save([
          update({ userId, revision: 1, messageCount: device + 1 }),
        ]),
      ),
    )
    const stored = await adapter.get(userId, 'c1')
    expect(stored?.revision).toBe(2)
    expect(answers.flat()).toEqual(Array(9).fill({ conversationId: 'c1', reason: 'changed', stored }))
  })

  it('of the same rows in another order by many at once waits for nobody for ever', async () => {
    const { userId } = open()
    const rows = Array.from({ length: 20 }, (_, n) => create({ userId, conversationId: `c${n}` }))
    const answers = await Promise.all(
      [rows, rows.toReversed(), rows, rows.toReversed()].map((changes) =>
        supabaseAdapter({ client: browserClient(userId) }).save(changes),
      ),
    )
    expect(answers.flat()).toEqual([])
  })

  it('stores text with what Postgres does not know, replaced', async () => {
    const { adapter, userId } = open()
    await adapter.save([create({ userId, title: 'a\0b', lastMessagePreview: 'cut \ud83d' })])
    expect(await adapter.get(userId, 'c1')).toMatchObject({ title: 'a\ufffdb', lastMessagePreview: 'cut \ufffd' })
  })

  it('that the database cannot store says so and has saved nothing', async () => {
    const { adapter, userId } = open()
    const tooLong = create({ userId, conversationId: 'long', workspace: 'w'.repeat(2_000) })
    await expect(adapter.save([create({ userId }), tooLong])).rejects.toMatchObject({ code: 'invalid-session' })
    expect(await adapter.list(userId, { limit: 10 })).toEqual([])
  })
})

describe('what cannot be read', () => {
  it('is left alone and reported once, its neighbours are given, and the list is filled', async () => {
    const { adapter, userId } = open()
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    await adapter.save(
      ['a', 'b', 'c'].map((conversationId, at) => create({ userId, conversationId, lastActivity: 10 - at })),
    )
    await sql("update app.conversation_sessions set schema_version = 9 where user_id = $1 and conversation_id = 'b'", [
      userId,
    ])
    for (let time = 0; time < 2; time++) {
      const listed = await adapter.list(userId, { limit: 2 })
      expect(listed.map(({ conversationId }) => conversationId)).toEqual(['a', 'c'])
    }
    expect(await adapter.get(userId, 'b')).toBeUndefined()
    expect(reports).toMatchObject([{ type: 'newer-version', conversationId: 'b' }])
    expect(await adapter.save([update({ userId, conversationId: 'b', revision: 1 })])).toEqual([
      { conversationId: 'b', reason: 'newer-version' },
    ])
  })

  it('is not overwritten when it stands in the way of a save', async () => {
    const { adapter, userId } = open()
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    await adapter.save([create({ userId })])
    // A time that Postgres knows and JavaScript does not.
    await sql("update app.conversation_sessions set started_at = '290000-01-01', revision = 7 where user_id = $1", [
      userId,
    ])
    expect(await adapter.save([update({ userId, revision: 1 })])).toEqual([
      { conversationId: 'c1', reason: 'newer-version' },
    ])
    expect(reports).toMatchObject([{ type: 'row-set-aside', conversationId: 'c1' }])
  })
})

describe('a tombstone', () => {
  it('keeps nothing of the content, and goes at a removal 30 days later', async () => {
    const { adapter, userId } = open()
    await adapter.save([create({ userId, title: 'secret', lastMessagePreview: 'secret' })])
    await adapter.remove(userId, ['c1'])
    const [row = {}] = await sql('select * from app.conversation_sessions where user_id = $1', [userId])
    const kept = Object.entries(row).filter(([, value]) => value !== null)
    expect(kept.map(([column]) => column).sort()).toEqual(['conversation_id', 'removed_at', 'user_id'])

    await sql(
      "update app.conversation_sessions set removed_at = removed_at - interval '30 days 1 second' where user_id = $1",
      [userId],
    )
    await adapter.remove(userId, ['other'])
    expect(await adapter.save([{ ...create({ userId }), saveId: 'late' }])).toEqual([])
  })
})

describe('closing', () => {
  it('takes no more calls', async () => {
    const { adapter, userId } = open()
    await adapter.close?.()
    await expect(adapter.list(userId, { limit: 1 })).rejects.toMatchObject({ code: 'disposed' })
  })
})

/** A signed-in user of this test alone. */
function open(): { readonly adapter: SessionAdapter; readonly userId: string } {
  const userId = crypto.randomUUID()
  return { adapter: supabaseAdapter({ client: browserClient(userId) }), userId }
}

function create(fields: Partial<ConversationSession>): Change {
  const row = session({ ...fields, revision: 1 })
  return { session: row, base: 0, saveId: `create ${row.conversationId}` }
}

function update(fields: Partial<ConversationSession> & { revision: number }): Change {
  const row = session({ ...fields, revision: fields.revision + 1 })
  return { session: row, base: fields.revision, saveId: `update ${JSON.stringify(row)}` }
}

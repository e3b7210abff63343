import { describe, expect, it } from 'vitest'
import type { AdapterReport } from '../../../src/core/session-adapter.js'
import { sql } from '../supabase.js'
import { oneMessage, openAdapter } from './open-adapter.js'

const day = 24 * 60 * 60 * 1_000

describe('the user', () => {
  it('is the one of the token: nothing of another can be read or written', async () => {
    const theirs = openAdapter()
    await theirs.adapter.save([theirs.change({ begins: 1, preview: { text: 'theirs', rank: 1 } })])
    const { adapter, userId, change } = openAdapter()
    const them = theirs.userId
    const forbidden = { code: 'forbidden' }
    await expect(adapter.list(them, { limit: 10 })).rejects.toMatchObject(forbidden)
    await expect(adapter.get(them, 'c1')).rejects.toMatchObject(forbidden)
    await expect(adapter.remove(them, ['c1'])).rejects.toMatchObject(forbidden)
    await expect(adapter.clear(them)).rejects.toMatchObject(forbidden)
    const both = [change({ begins: 1 }), theirs.change({ conversationId: 'planted', begins: 1 })]
    await expect(adapter.save(both)).rejects.toMatchObject(forbidden)
    await expect(adapter.save(both.toReversed())).rejects.toMatchObject(forbidden)
    expect(await adapter.list(userId, { limit: 10 })).toEqual({ sessions: [] })
    expect(await theirs.adapter.list(them, { limit: 10 })).toMatchObject({
      sessions: [{ lastMessagePreview: 'theirs' }],
    })
  })
})

describe('a save', () => {
  it('takes no activity of the future, but keeps its rank', async () => {
    const { adapter, userId, change } = openAdapter()
    const before = Date.now()
    const rank = before + 2 * day
    await adapter.save([change({ begins: before + day, activity: { at: before + 2 * day, rank } })])
    const session = await adapter.get(userId, 'c1')
    expect(session).toMatchObject({ startedAt: before + day, rank })
    if (typeof session !== 'object') throw new Error('There is no session.')
    expect(session.lastActivity).toBeGreaterThanOrEqual(before - 1)
    expect(session.lastActivity).toBeLessThanOrEqual(Date.now() + 1)
  })

  it('refuses a rank more than ten years ahead by the clock of the database', async () => {
    const { adapter, userId, change } = openAdapter()
    const ahead = Date.now() + 11 * 366 * day
    const refusals = await adapter.save([
      change({ begins: 1, activity: { at: 1, rank: ahead } }),
      change({ conversationId: 'c2', begins: 1 }),
    ])
    expect(refusals).toEqual([{ conversationId: 'c1', reason: 'invalid' }])
    expect(await adapter.get(userId, 'c1')).toBeUndefined()
  })

  it('of one row by ten devices at once counts what each of them said', async () => {
    const { adapter, userId, change } = openAdapter()
    await adapter.save([change({ begins: 1 })])
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, device) =>
        openAdapter(userId).adapter.save([change(oneMessage(`device${device}`, device + 1))]),
      ),
    )
    expect(answers.flat()).toEqual([])
    expect(await adapter.get(userId, 'c1')).toMatchObject({ messageCount: 55 })
  })

  it('of one new row by ten devices at once begins it once', async () => {
    const { adapter, userId, change } = openAdapter()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, device) =>
        openAdapter(userId).adapter.save([change({ begins: 10 + device, ...oneMessage(`device${device}`) })]),
      ),
    )
    expect(answers.flat()).toEqual([])
    expect(await adapter.get(userId, 'c1')).toMatchObject({ messageCount: 10, startedAt: 10 })
  })

  it('of the same rows in another order by many at once does not deadlock', async () => {
    const { userId, change } = openAdapter()
    const changes = Array.from({ length: 20 }, (_, n) => change({ conversationId: `c${n}`, begins: 1 }))
    const answers = await Promise.all(
      [changes, changes.toReversed(), changes, changes.toReversed()].map((all) =>
        openAdapter(userId).adapter.save(all),
      ),
    )
    expect(answers.flat()).toEqual([])
  })

  it('repeated after a lost answer changes nothing, and writes nothing', async () => {
    const { adapter, userId, change } = openAdapter()
    const said = change({ begins: 1, ...oneMessage('page', 40), preview: { text: 'Hello', rank: 2 } })
    const version = () => sql('select xmin::text, * from app.conversation_sessions where user_id = $1', [userId])
    await adapter.save([said])
    const first = await version()
    for (let time = 0; time < 3; time++) expect(await adapter.save([said])).toEqual([])
    expect(await version()).toEqual(first)
  })

  it('says of each change why it was refused, in the order of the changes, and saves the others', async () => {
    const { adapter, userId, change } = openAdapter()
    await adapter.save([
      change({ conversationId: 'removed', begins: 1 }),
      change({ conversationId: 'newer', begins: 1 }),
    ])
    await adapter.remove(userId, ['removed'])
    await sql(
      "update app.conversation_sessions set schema_version = 2 where user_id = $1 and conversation_id = 'newer'",
      [userId],
    )
    const refusals = await adapter.save([
      change({ conversationId: 'unknown', ...oneMessage('a') }),
      change({ conversationId: 'saved', begins: 1 }),
      change({ conversationId: 'removed', begins: 1 }),
      change({ conversationId: 'newer', begins: 1, ...oneMessage('a') }),
    ])
    expect(refusals).toEqual([
      { conversationId: 'unknown', reason: 'unknown' },
      { conversationId: 'removed', reason: 'removed' },
      { conversationId: 'newer', reason: 'newer-version' },
    ])
    expect(await adapter.get(userId, 'saved')).toMatchObject({ messageCount: 0 })
  })

  it('refuses a text that Postgres cannot store, without asking it', async () => {
    const { adapter, change, requests } = openAdapter()
    for (const text of ['a\0b', 'cut \ud83d'])
      expect(await adapter.save([change({ begins: 1, preview: { text, rank: 1 } })])).toEqual([
        { conversationId: 'c1', reason: 'invalid' },
      ])
    expect(requests).toEqual([])
  })

  it('sends 100 changes in one request, and more in several', async () => {
    const { adapter, userId, change, requests } = openAdapter()
    const changes = Array.from({ length: 250 }, (_, n) => change({ conversationId: `c${n}`, begins: n }))
    await adapter.save(changes.slice(0, 100))
    expect(requests).toHaveLength(1)
    await adapter.save(changes)
    expect(requests).toHaveLength(4)
    const { sessions } = await adapter.list(userId, { limit: 300 })
    expect(sessions).toHaveLength(250)
  })

  it('ignores epochs', async () => {
    const { adapter, userId, change } = openAdapter()
    await adapter.save([change({ begins: 1, epoch: 'one' })])
    expect(await adapter.save([change({ epoch: 'two', ...oneMessage('a') })])).toEqual([])
    expect(await adapter.get(userId, 'c1')).toMatchObject({ messageCount: 1 })
  })
})

describe('a list', () => {
  it('is ordered by rank, ties by code point of the id, and continues after any session', async () => {
    const { adapter, userId, change } = openAdapter()
    const ids = ['b', 'a', '\u{10000}', '\uffee', 'Z', 'é']
    await adapter.save(ids.map((conversationId) => change({ conversationId, begins: 5 })))
    await adapter.save([change({ conversationId: 'first', begins: 9 }), change({ conversationId: 'last', begins: 1 })])
    const found: string[] = []
    let after: string | undefined
    do {
      const page = await adapter.list(userId, { limit: 3, ...(after !== undefined && { after }) })
      expect(page.sessions.length).toBeLessThanOrEqual(3)
      found.push(...page.sessions.map(({ conversationId }) => conversationId))
      after = page.next
    } while (after !== undefined)
    expect(found).toEqual(['first', 'Z', 'a', 'b', 'é', '\uffee', '\u{10000}', 'last'])
  })

  it('costs one request of a few kilobytes when 1,000 rows of a later version are in the way', async () => {
    const { adapter, userId, change, requests } = openAdapter()
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    await adapter.save(Array.from({ length: 20 }, (_, n) => change({ conversationId: `c${n}`, begins: 1 + n })))
    await sql(
      `insert into app.conversation_sessions
         (user_id, conversation_id, workspace, started_at, activity_at, rank, messages, scopes, schema_version, saved_at)
       select $1, 'newer' || n, 'demo.alive.best', 1, 1, 1000 + n, 1, '[]', 9, now() from generate_series(1, 1000) as n`,
      [userId],
    )
    requests.length = 0
    const { sessions } = await adapter.list(userId, { limit: 10 })
    expect(sessions.map(({ conversationId }) => conversationId)).toEqual(
      Array.from({ length: 10 }, (_, n) => `c${19 - n}`),
    )
    expect(requests).toHaveLength(1)
    expect(requests[0]?.bytes).toBeLessThan(5_000)
    await adapter.list(userId, { limit: 10, workspace: 'demo.alive.best' })
    expect(reports).toHaveLength(100)
    expect(reports[0]).toMatchObject({ type: 'newer-version', conversationId: 'newer1' })
  })

  it('leaves out a session that cannot be read, reports it once, and keeps its neighbors', async () => {
    const broken: typeof fetch = async (...args) => {
      const response = await fetch(...args)
      return new Response(
        (await response.text())
          .replace('"messageCount":7', '"messageCount":-7')
          .replace('"messageCount": 7', '"messageCount":-7'),
        response,
      )
    }
    const { adapter, userId, change } = openAdapter(undefined, broken)
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    const ids = ['a', 'b', 'c']
    await adapter.save(ids.map((conversationId, n) => change({ conversationId, begins: 5, ...oneMessage('s', 6 + n) })))
    for (let time = 0; time < 2; time++)
      expect((await adapter.list(userId, { limit: 3 })).sessions.map(({ conversationId }) => conversationId)).toEqual([
        'a',
        'c',
      ])
    expect(await adapter.get(userId, 'b')).toBeUndefined()
    expect(reports).toMatchObject([
      { type: 'row-quarantined', conversationId: 'b', error: { code: 'invalid-session' } },
    ])
    expect(reports[0]?.error.message).toContain('messageCount')
  })
})

describe('get', () => {
  it('tells a removed session from one of a later version and from none', async () => {
    const { adapter, userId, change } = openAdapter()
    await adapter.save([change({ conversationId: 'newer', begins: 1 }), change({ conversationId: 'gone', begins: 1 })])
    await sql(
      "update app.conversation_sessions set schema_version = 2 where user_id = $1 and conversation_id = 'newer'",
      [userId],
    )
    await adapter.remove(userId, ['gone', 'never there'])
    const found = await Promise.all(
      ['newer', 'gone', 'never there', 'none', 'a\0b', ''].map((id) => adapter.get(userId, id)),
    )
    expect(found).toEqual(['newer-version', 'removed', 'removed', undefined, undefined, undefined])
  })

  it('shows the title of a person, else of the app, else of the first message', async () => {
    const { adapter, userId, change } = openAdapter()
    const title = async () => {
      const session = await adapter.get(userId, 'c1')
      return typeof session === 'object' ? session.title : session
    }
    await adapter.save([change({ begins: 1, titles: { message: { text: 'Question', rank: 1 } } })])
    expect(await title()).toBe('Question')
    await adapter.save([change({ titles: { app: { text: 'Summary', rank: 2 }, person: { text: 'Mine', rank: 3 } } })])
    expect(await title()).toBe('Mine')
    await adapter.save([change({ titles: { person: { text: '', rank: 4 } } })])
    expect(await title()).toBe('Summary')
  })
})

describe('a removal', () => {
  it('leaves nothing of the content', async () => {
    const { adapter, userId, change } = openAdapter()
    const secret = { text: 'secret', rank: 1 }
    await adapter.save([
      change({
        begins: 1,
        preview: secret,
        titles: { message: secret, app: secret, person: secret },
        ...oneMessage('s'),
      }),
    ])
    await adapter.remove(userId, ['c1', 'a\0b'])
    const [row = {}] = await sql('select * from app.conversation_sessions where user_id = $1', [userId])
    const kept = Object.entries(row).filter(([, value]) => value !== null)
    expect(kept.map(([column]) => column).sort()).toEqual(['conversation_id', 'removed_at', 'user_id'])
  })

  it('of a workspace leaves the others', async () => {
    const { adapter, userId, change } = openAdapter()
    await adapter.save([change({ begins: 1 }), change({ conversationId: 'c2', workspace: 'other', begins: 1 })])
    await adapter.clear(userId, 'demo.alive.best')
    expect(await adapter.get(userId, 'c1')).toBe('removed')
    expect(await adapter.list(userId, { limit: 9 })).toMatchObject({ sessions: [{ conversationId: 'c2' }] })
    await adapter.clear(userId)
    expect(await adapter.list(userId, { limit: 9 })).toEqual({ sessions: [] })
    expect(await adapter.save([change({ conversationId: 'c2', begins: 2 })])).toEqual([
      { conversationId: 'c2', reason: 'removed' },
    ])
  })
})

describe('closing', () => {
  it('ends all calls', async () => {
    const { adapter, userId } = openAdapter()
    await adapter.close?.()
    await adapter.close?.()
    await expect(adapter.list(userId, { limit: 1 })).rejects.toMatchObject({ code: 'disposed' })
  })
})

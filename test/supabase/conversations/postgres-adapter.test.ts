import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresAdapter } from '../../../src/server/index.js'
import { sessionAdapterConformance } from '../../../src/testing/session-adapter-conformance.js'
import { openPglite } from '../../../supabase/local/pglite.mjs'
import { type OpenedDriver, withPg, withPglite, withPostgresJs } from '../drivers.js'
import { migrations } from '../fresh-database.js'
import { supabase } from '../supabase.js'

// As a server has it: a role that owns nothing and was granted leftoff_server, in a database that has run what the guide names
// and knows nothing of Supabase. With Postgres by two drivers, else on PGlite.

const role = `app_${randomUUID().slice(0, 8)}`
const name = `history_${randomUUID().replaceAll('-', '')}`
const admin = supabase.databaseUrl === undefined ? undefined : new pg.Client(supabase.databaseUrl)

/** A database of these tests alone. */
interface Opened {
  readonly drivers: Readonly<Record<string, OpenedDriver>>
  asOwner(sql: string): Promise<unknown>
  close(): Promise<void>
}

let opened: Opened

beforeAll(async () => {
  opened = await (admin ? onPostgres(admin) : onPglite())
}, 60_000)
afterAll(() => opened.close())

describe.each(supabase.databaseUrl === undefined ? ['PGlite'] : ['pg', 'postgres.js'])(
  'the contract, by %s',
  (driver) => {
    const damaged = new Set<string>()
    const open = () =>
      postgresAdapter({
        query: async (sql, params) => damage(damaged, (await opened.drivers[driver]?.query(sql, params)) ?? []),
      })

    sessionAdapterConformance({
      open,
      async destroy() {
        damaged.clear()
        await opened.asOwner('delete from app.conversation_sessions')
      },
      async plant(kind, userId, conversationId) {
        if (kind === 'damaged') damaged.add(conversationId)
        else {
          await opened.asOwner(`update app.conversation_sessions set schema_version = 2
          where user_id = '${userId}' and conversation_id = '${conversationId}'`)
        }
      },
    })

    it('takes ids and texts of any kind', async () => {
      const adapter = open()
      const ids = ['a"b', "c'd", 'e\\f', '{g,h}', 'null', '🙂', '$1', ' ']
      const text = { text: `it's "quoted" \\ {1} 🙂`, rank: 1 }
      await adapter.save(
        ids.map((conversationId) => ({
          ...{ userId: 'u1', workspace: `w'"`, conversationId, epoch: '', begins: 1, preview: text },
        })),
      )
      const { sessions } = await adapter.list('u1', { limit: 99, workspace: `w'"` })
      expect(sessions.map(({ conversationId }) => conversationId).sort()).toEqual([...ids].sort())
      expect(sessions[0]?.lastMessagePreview).toBe(text.text)
      await adapter.remove('u1', ids)
      for (const id of ids) expect(await adapter.get('u1', id)).toBe('removed')
    })

    it('lists past 1,000 rows of a later version in one statement', async () => {
      await opened.asOwner(`insert into app.conversation_sessions
      (user_id, conversation_id, workspace, started_at, activity_at, rank, messages, scopes, schema_version, saved_at)
      select 'u1', 'newer' || n, 'w', 1, 1, 1000 + n, 1, '[]', 9, now() from generate_series(1, 1000) as n`)
      let statements = 0
      const adapter = postgresAdapter({
        query: (sql, params) => {
          statements++
          return opened.drivers[driver]?.query(sql, params) ?? Promise.resolve([])
        },
      })
      await adapter.save([{ userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1 }])
      expect(await adapter.list('u1', { limit: 10 })).toMatchObject({ sessions: [{ conversationId: 'c1' }] })
      expect(statements).toBe(2)
    })

    it('refuses a save of two users whole, however long it is', async () => {
      const adapter = open()
      const changes = Array.from({ length: 150 }, (_, n) => ({
        ...{ userId: n < 149 ? 'u1' : 'u2', workspace: 'w', conversationId: `c${n}`, epoch: '', begins: 1 },
      }))
      await expect(adapter.save(changes)).rejects.toMatchObject({ code: 'forbidden' })
      for (const user of ['u1', 'u2']) expect(await adapter.list(user, { limit: 1 })).toEqual({ sessions: [] })
    })
  },
)

describe('what goes wrong', () => {
  const failing = (cause: unknown) => postgresAdapter({ query: () => Promise.reject(cause) })
  it.each([
    ['42501', 'forbidden'],
    ['22P05', 'invalid-session'],
    ['42883', 'storage-unavailable'],
    ['40P01', 'unreachable'],
    ['ECONNREFUSED', 'unreachable'],
    ['XX000', 'storage-unavailable'],
  ])('%s is %s', async (code, expected) => {
    const cause = Object.assign(new Error('no'), { code })
    await expect(failing(cause).clear('u1')).rejects.toMatchObject({ code: expected, cause })
  })
})

/** The table refuses damaged rows, so they are damaged on their way: as by functions of another version. */
function damage(conversationIds: ReadonlySet<string>, rows: readonly object[]): readonly object[] {
  if (conversationIds.size === 0) return rows
  return rows.map((row) => ({
    answer: JSON.stringify(
      JSON.parse('answer' in row ? String(row.answer) : '', (_, value) =>
        conversationIds.has(value?.conversationId) && 'messageCount' in value ? { ...value, messageCount: '1' } : value,
      ),
    ),
  }))
}

async function onPglite(): Promise<Opened> {
  const pglite = await openPglite(undefined)
  const asOwner = async (sql: string) => {
    await pglite.pglite.exec('reset role')
    await pglite.pglite.exec(sql)
    await pglite.pglite.exec(`set role ${role}`)
  }
  await prepare((sql) => pglite.pglite.exec(sql))
  await pglite.pglite.exec(`set role ${role}`)
  return { drivers: { PGlite: withPglite(pglite) }, asOwner, close: pglite.close }
}

async function onPostgres(owner: pg.Client): Promise<Opened> {
  await owner.connect()
  await owner.query(`create database ${name}`)
  const url = new URL(supabase.databaseUrl ?? '')
  url.pathname = name
  const own = new pg.Client(url.href)
  await own.connect()
  await prepare((sql) => own.query(sql))
  url.username = role
  const drivers = { pg: withPg(url.href), 'postgres.js': withPostgresJs(url.href) }
  return {
    drivers,
    asOwner: (sql) => own.query(sql),
    async close() {
      for (const driver of Object.values(drivers)) await driver.close()
      await own.end()
      await owner.query(`drop database ${name} with (force)`)
      await owner.query(`drop role ${role}`)
      await owner.end()
    },
  }
}

async function prepare(run: (sql: string) => Promise<unknown>): Promise<void> {
  const guide = readFileSync(new URL('../../../docs/your-own-api.md', import.meta.url), 'utf8')
  const named = [...guide.matchAll(/^\| `(\d+_\w+\.sql)` \|/gm)].map(([, file]) => file)
  const needed = migrations.filter((migration) => named.includes(migration.name))
  expect(needed.map((migration) => migration.name)).toEqual(named)
  for (const { sql } of needed) await run(sql)
  await run(`create role ${role} login; grant leftoff_server to ${role}`)
}

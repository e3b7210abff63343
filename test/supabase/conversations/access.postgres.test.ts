import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql, supabase } from '../supabase.js'

// Who may do what, as PostgREST asks the database: a role and claims, local to a transaction. Nothing here is kept.

const [ada, bob] = [crypto.randomUUID(), crypto.randomUUID()]
const appServer = `app_server_${ada.slice(0, 8)}`
const people = {
  anon: { role: 'anon' },
  'signed in, but without a user': { role: 'authenticated' },
  'user A': { role: 'authenticated', sub: ada },
  'user B': { role: 'authenticated', sub: bob },
  // A role of the app's own that was granted leftoff_server, not the owner of anything.
  'the app’s server': { role: appServer },
  'the service role': { role: 'service_role' },
}
type Person = keyof typeof people

const client = new pg.Client({ connectionString: supabase.databaseUrl })

beforeAll(async () => {
  await client.connect()
  await sql(`create role ${appServer} nologin in role leftoff_server`)
  for (const user of [ada, bob]) {
    await sql(`select app.save_sessions_of_user($1, $2)`, [
      user,
      JSON.stringify([{ userId: user, workspace: 'w', conversationId: 'own', begins: 1 }]),
    ])
  }
})
afterAll(async () => {
  await sql('delete from app.conversation_sessions where user_id = any ($1)', [[ada, bob]])
  await sql(`drop role ${appServer}`)
  await client.end()
})

/** Runs the statement as this person, then takes everything back. Gives its rows, or the SQLSTATE that it fails with. */
async function as(person: Person, statement: string, params: readonly unknown[] = []) {
  await client.query('begin')
  try {
    const claims = people[person]
    await client.query(`select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)`, [
      JSON.stringify(claims),
      claims.role,
    ])
    return await client.query(statement, [...params])
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code) return { code: error.code }
    throw error
  } finally {
    await client.query('rollback')
  }
}

/** How many rows the statement touches, or why not. */
async function does(person: Person, statement: string, params: readonly unknown[] = []): Promise<number | string> {
  const result = await as(person, statement, params)
  return 'code' in result ? result.code : (result.rowCount ?? 0)
}

const refused = '42501'

describe('app.conversation_sessions', () => {
  const verbs = {
    select: 'select from app.conversation_sessions where user_id = $1',
    insert: `insert into app.conversation_sessions
               (user_id, conversation_id, workspace, started_at, activity_at, rank, messages, scopes, schema_version, saved_at)
             values ($1, 'new', 'w', 1, 1, 1, 1, '[]', 1, now())`,
    update: 'update app.conversation_sessions set messages = 2 where user_id = $1',
    delete: 'delete from app.conversation_sessions where user_id = $1',
  }
  for (const [verb, statement] of Object.entries(verbs)) {
    // A row that its reader cannot see is not changed; an insert for another user fails.
    const others = verb === 'insert' ? refused : 0
    it(`lets a user ${verb} their own rows only, nobody who is signed out, and servers all`, async () => {
      const found: Record<string, unknown> = {}
      for (const person of Object.keys(people) as Person[])
        found[person] = [await does(person, statement, [ada]), await does(person, statement, [bob])]
      expect(found).toEqual({
        anon: [refused, refused],
        'signed in, but without a user': [others, others],
        'user A': [1, others],
        'user B': [others, 1],
        'the app’s server': [1, 1],
        'the service role': [1, 1],
      })
    })
  }

  it('lets nobody give a row away', async () => {
    expect(
      await does('user A', 'update app.conversation_sessions set user_id = $2 where user_id = $1', [ada, bob]),
    ).toBe(refused)
  })
})

describe('the verbs of browsers', () => {
  const change = (userId: string) => ({ userId, workspace: 'w', conversationId: 'new', begins: 1 })
  const calls: Record<string, (userId: string) => [string, readonly unknown[]]> = {
    list: (id) => ['select app.list_conversation_sessions($1, 10)', [id]],
    get: (id) => ['select app.get_conversation_session($1, $1)', [id]],
    save: (id) => ['select app.save_conversation_sessions($1, $2)', [id, JSON.stringify([change(id)])]],
    remove: (id) => ['select app.remove_conversation_sessions($1, array[$1])', [id]],
    clear: (id) => ['select app.clear_conversation_sessions($1)', [id]],
  }
  it.each(Object.entries(calls))('%s refuses another user than the token’s, and servers', async (_, call) => {
    const found: Record<string, unknown> = {}
    for (const person of Object.keys(people) as Person[])
      found[person] = [await does(person, ...call(ada)), await does(person, ...call(bob))]
    expect(found).toEqual({
      anon: [refused, refused],
      'signed in, but without a user': [refused, refused],
      'user A': [1, refused],
      'user B': [refused, 1],
      'the app’s server': [refused, refused],
      'the service role': [refused, refused],
    })
  })

  it('save refuses a change that names another user, with all others of the request', async () => {
    const changes = JSON.stringify([change(ada), change(bob)])
    expect(await does('user A', 'select app.save_conversation_sessions($1, $2)', [ada, changes])).toBe(refused)
  })
})

describe('the verbs that name a user', () => {
  const changesOf = (userId: string) => JSON.stringify([{ userId, workspace: 'w', conversationId: 'own', begins: 0 }])

  it('work for servers, for every user', async () => {
    for (const person of ['the app’s server', 'the service role'] as const) {
      for (const user of [ada, bob]) {
        const listed = await as(person, 'select app.list_sessions_of_user($1, 10) as page', [user])
        expect('rows' in listed && listed.rows[0].page.sessions).toMatchObject([
          { userId: user, conversationId: 'own' },
        ])
        const found = await as(person, `select app.get_session_of_user($1, 'own') as found`, [user])
        expect('rows' in found && found.rows[0].found).toMatchObject({ state: 'found' })
        const saved = await as(person, 'select app.save_sessions_of_user($1, $2) as refusals', [user, changesOf(user)])
        expect('rows' in saved && saved.rows[0].refusals).toEqual([])
        expect(await does(person, `select app.remove_sessions_of_user($1, '{own}')`, [user])).toBe(1)
        expect(await does(person, 'select app.clear_sessions_of_user($1)', [user])).toBe(1)
      }
    }
  })

  it('show a browser nothing of another user, and change nothing of theirs', async () => {
    const listed = await as('user A', 'select app.list_sessions_of_user($1, 10) as page', [bob])
    expect('rows' in listed && listed.rows[0].page.sessions).toEqual([])
    const found = await as('user A', `select app.get_session_of_user($1, 'own') as found`, [bob])
    expect('rows' in found && found.rows).toEqual([{ found: null }])
    expect(await does('user A', 'select app.save_sessions_of_user($1, $2)', [bob, changesOf(bob)])).toBe(refused)
    expect(await does('user A', `select app.remove_sessions_of_user($1, '{own}')`, [bob])).toBe(refused)
    expect(await does('anon', 'select app.list_sessions_of_user($1, 10)', [bob])).toBe(refused)
    await as('user A', 'select app.clear_sessions_of_user($1)', [bob])
    expect(await does('user B', 'select from app.conversation_sessions where removed_at is null')).toBe(1)
  })

  it('the purge is for the service role only', async () => {
    for (const person of Object.keys(people) as Person[]) {
      const answer = await does(person, 'select app.purge_conversation_sessions(90)')
      expect([person, answer]).toEqual([person, person === 'the service role' ? 1 : refused])
    }
  })
})

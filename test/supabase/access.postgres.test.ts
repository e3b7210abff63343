import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newWorkspace, sql, supabase } from './supabase.js'

// Who may do what, as PostgREST asks the database: a role and claims, local to a transaction. Nothing here is kept.

const [ada, bob] = [crypto.randomUUID(), crypto.randomUUID()]
const people = {
  anon: { role: 'anon' },
  'user A': { role: 'authenticated', sub: ada },
  'user B': { role: 'authenticated', sub: bob },
  'the service role': { role: 'service_role' },
}
type Person = keyof typeof people

const client = new pg.Client({ connectionString: supabase.databaseUrl })

beforeAll(async () => {
  await client.connect()
  const workspace = await newWorkspace()
  for (const user of [ada, bob]) {
    await sql(
      `insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id)
       select $1, domain_id, 't', 'secret' from app.domains where hostname = $2`,
      [user, workspace],
    )
  }
})
afterAll(async () => {
  await sql('delete from iam.sessions where user_id = any ($1)', [[ada, bob]])
  await client.end()
})

/** What a statement of this person does: the rows it touches, or the SQLSTATE it fails with. Then all is taken back. */
async function does(person: Person, statement: string, params: readonly unknown[] = []): Promise<number | string> {
  await client.query('begin')
  try {
    const claims = people[person]
    await client.query(`select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)`, [
      JSON.stringify(claims),
      claims.role,
    ])
    const { rowCount } = await client.query(statement, [...params])
    return rowCount ?? 0
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code) return error.code
    throw error
  } finally {
    await client.query('rollback')
  }
}

const refused = '42501'
const everyone: readonly Person[] = ['anon', 'user A', 'user B', 'the service role']
const browsers: readonly Person[] = ['anon', 'user A', 'user B']

describe('iam', () => {
  it('shows no table to a browser, signed in or not', async () => {
    const tables = await sql(`select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_schema = 'iam'`)
    expect(tables.length).toBeGreaterThan(0)
    for (const { name } of tables) {
      for (const verb of [`select from ${name}`, `insert into ${name} default values`, `delete from ${name}`]) {
        for (const person of browsers) expect([person, verb, await does(person, verb)]).toEqual([person, verb, refused])
      }
    }
    expect(await does('the service role', 'select from iam.sessions where user_id = $1', [ada])).toBe(1)
  })

  it('lets only the server execute a function, also by no default grant, and only the server into the schema', async () => {
    const rights = await sql(`
      select p.oid::regprocedure::text as function, r.rolname as role, has_function_privilege(r.oid, p.oid, 'execute')::text as may
      from pg_proc p, pg_roles r
      where p.pronamespace = 'iam'::regnamespace and r.rolname in ('anon', 'authenticated', 'service_role')`)
    expect(rights.length).toBeGreaterThanOrEqual(3 * 7)
    for (const { function: name, role, may } of rights) {
      if (role !== 'service_role') expect([name, role, may]).toEqual([name, role, 'false'])
    }
    const ofPublic = await sql(`select p.oid::regprocedure::text as function from pg_proc p
      where p.pronamespace = 'iam'::regnamespace
        and (p.proacl is null or exists (select from aclexplode(p.proacl) where grantee = 0))`)
    expect(ofPublic).toEqual([])
    for (const call of [`iam.find_domain('x')`, `iam.read_turn_log('k', 't', 0)`, `iam.delete_turn_logs('k')`]) {
      for (const person of browsers) expect([person, await does(person, `select ${call}`)]).toEqual([person, refused])
      expect(await does('the service role', `select ${call}`)).toBe(1)
    }
  })
})

describe('app.domains', () => {
  it('is the server’s: no browser reads or writes it', async () => {
    for (const person of everyone.filter((one) => one !== 'the service role')) {
      expect(await does(person, 'select from app.domains')).toBe(refused)
      expect(await does(person, `insert into app.domains (hostname) values ('mine.example')`)).toBe(refused)
    }
    expect(await does('the service role', `insert into app.domains (hostname) values ('mine.example')`)).toBe(1)
  })
})

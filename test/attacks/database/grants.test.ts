import { expect, it } from 'vitest'
import { bootstrap, type FreshDatabase, freshDatabase, migrate, rightsOf } from '../../supabase/fresh-database.js'

const browsers = ['anon', 'authenticated']
/** What no browser may touch. */
const closed = /^(iam|app\.domains)\b/

it('iam stays closed, whatever a project grants to everyone by default or afterwards', {
  timeout: 60_000,
}, async () => {
  const database = await carelessDatabase()
  const { run } = database
  for (const role of browsers) {
    expect((await rightsOf(database, role)).filter((right) => closed.test(String(right)))).toEqual([])
  }

  // Somebody grants all of it by hand, too: row-level security shows nothing, and the next migration takes it back.
  await run(`
    insert into app.domains (hostname) values ('w');
    insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id, last_activity, expires_at)
      select 'ada', domain_id, 't1', 'agent session', now(), now() + interval '1 day' from app.domains;
    grant all on schema iam to public, anon, authenticated;
    grant all on all tables in schema iam to public, anon, authenticated;
    grant all on all functions in schema iam to public, anon, authenticated;`)
  const tables = await run(
    `select oid::regclass::text as name from pg_class where relnamespace = 'iam'::regnamespace and relkind in ('r', 'p')`,
  )
  expect(tables.length).toBeGreaterThan(0)
  for (const role of browsers) {
    for (const { name } of tables) {
      const seen = await run(
        `begin; set local role ${role}; set local request.jwt.claims = '{"sub":"ada"}'; select * from ${name}; `,
      )
      await run('rollback')
      expect([role, name, seen]).toEqual([role, name, []])
    }
    const changed = await run(`begin; set local role ${role}; set local request.jwt.claims = '{"sub":"ada"}';
      update iam.sessions set sdk_session_id = 'stolen' returning 1`)
    await run('rollback')
    expect(changed).toEqual([])
  }
  expect(await run(`select sdk_session_id from iam.sessions`)).toEqual([{ sdk_session_id: 'agent session' }])
  await migrate(database)
  for (const role of browsers) {
    expect((await rightsOf(database, role)).filter((right) => closed.test(String(right)))).toEqual([])
  }
})

it('no function runs with the rights of its owner, none looks a name up where others may put theirs, and none makes a statement of a text', async () => {
  const { run } = await carelessDatabase()
  const functions = await run(`
    select oid::regprocedure::text as name, prosecdef::text as as_owner, coalesce(proconfig::text, '') as config,
      (prosrc ~* '\\mexecute\\M')::text as runs_text
    from pg_proc where pronamespace in ('app'::regnamespace, 'iam'::regnamespace)`)
  expect(functions.length).toBeGreaterThan(20)
  for (const { name, as_owner, config, runs_text } of functions) {
    expect([name, as_owner, config, runs_text]).toEqual([
      name,
      'false',
      expect.stringContaining('search_path='),
      'false',
    ])
    expect([name, /search_path=(?!\\"\\")/.test(String(config))]).toEqual([name, false])
  }
})

it('a browser that is signed in may call these functions and no others, and one that is not may call none', async () => {
  const { run } = await carelessDatabase()
  const rights = await run(`
    select r.rolname::text as role, p.oid::regprocedure::text as name
    from pg_proc as p cross join pg_roles as r
    where p.pronamespace in ('app'::regnamespace, 'iam'::regnamespace) and r.rolname in ('anon', 'authenticated')
      and has_function_privilege(r.oid, p.oid, 'execute')`)
  const verbs = ['list', 'get', 'save', 'remove', 'clear'].map((verb) => `${verb}_`)
  const one = (verb: string) => (verb === 'get_' ? '' : 's')
  const names = [
    ...verbs.map((verb) => `${verb}conversation_session${one(verb)}`),
    ...verbs.map((verb) => `${verb}session${one(verb)}_of_user`), // as the caller, so that row-level security shows and changes only theirs
    // What the verbs call: they check and compute, and read no table.
    'apply_session_change',
    'are_counts',
    'assert_is_signed_in',
    'count_session_scopes',
    'is_id',
    'is_ranked_text',
    'is_session_change',
    'is_whole',
    'shown_session',
  ]
  expect(rights.map(({ role, name }) => [role, String(name).replace(/\(.*/, '')]).sort()).toEqual(
    names.map((name) => ['authenticated', `app.${name}`]).sort(),
  )
})

/** A database of its own, as other files make functions in the shared one. What is made in it is open to browsers, unless it says otherwise. */
async function carelessDatabase(): Promise<FreshDatabase> {
  const database = await freshDatabase()
  await database.run(bootstrap)
  await database.run(`
    alter default privileges grant all on schemas to public, anon, authenticated;
    alter default privileges grant all on tables to public, anon, authenticated;
    alter default privileges grant all on functions to public, anon, authenticated;`)
  await migrate(database)
  return database
}

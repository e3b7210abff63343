import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserClient, clientWith, serverClient, sql, supabase, userToken } from './supabase.js'

// The stand-in's own promises: PostgREST's answers, and no answer that only looks like one.

const anon = () => browserClient().schema('app')
const user = () => browserClient('ada').schema('app')

beforeAll(async () => {
  // With a search_path, as `grants.test.ts` may look at the functions of this database meanwhile.
  await sql(`
    create function app.test_add(a integer, b integer default 1) returns integer language sql set search_path = '' as 'select a + b';
    create function app.test_who() returns table (role text, sub text) language sql stable set search_path = ''
      as $$ select current_user::text, auth.jwt() ->> 'sub' $$;
    create function app.test_many() returns setof integer language sql set search_path = '' as 'select generate_series(1, 3)';
    create function app.test_echo(value jsonb) returns jsonb language sql set search_path = '' as 'select value';
    create function app.test_nothing() returns void language sql set search_path = '' as '';
    create function app.test_raise(code text) returns void language plpgsql set search_path = ''
      as $$ begin raise exception 'no' using errcode = code, detail = 'why', hint = 'what to do'; end $$;
    create table app.test_written (n integer);
    create function app.test_write() returns setof integer language sql set search_path = ''
      as 'insert into app.test_written values (1), (2) returning n';
    create function app.test_stable_write() returns void language plpgsql stable set search_path = ''
      as $$ begin perform app.test_write(); end $$;
    grant insert, select on app.test_written to authenticated;
    grant usage on schema app to anon;`)
})
afterAll(async () => {
  await sql(`
    drop function app.test_add, app.test_who, app.test_many, app.test_echo, app.test_nothing, app.test_raise,
      app.test_write, app.test_stable_write;
    drop table app.test_written;
    revoke usage on schema app from anon;`)
})

describe('a call', () => {
  it('passes the named arguments, and the defaults of the others', async () => {
    expect(await user().rpc('test_add', { a: 1, b: 5 })).toMatchObject({ status: 200, data: 6 })
    expect(await user().rpc('test_add', { a: 1 })).toMatchObject({ data: 2 })
  })

  it('answers each kind of result as PostgREST does', async () => {
    expect(await user().rpc('test_many')).toMatchObject({ status: 200, data: [1, 2, 3] })
    expect(await user().rpc('test_echo', { value: { a: [1, null, 'ä'] } })).toMatchObject({
      data: { a: [1, null, 'ä'] },
    })
    expect(await user().rpc('test_nothing')).toMatchObject({ status: 204, data: null, error: null })
  })

  it('runs as the role of the token, with its claims', async () => {
    expect((await user().rpc('test_who')).data).toEqual([{ role: 'authenticated', sub: 'ada' }])
    expect((await anon().rpc('test_who').single()).data).toEqual({ role: 'anon', sub: null })
    expect((await serverClient().schema('app').rpc('test_who')).data).toEqual([{ role: 'service_role', sub: null }])
  })

  it('takes everything back when it fails, also when one row was asked for and there were two', async () => {
    expect(await user().rpc('test_write').single()).toMatchObject({ status: 406, error: { code: 'PGRST116' } })
    expect(await sql('select * from app.test_written')).toEqual([])
  })

  it('cannot write through a function that says it only reads', async () => {
    expect(await user().rpc('test_stable_write')).toMatchObject({ status: 405, error: { code: '25006' } })
  })

  it('gives the status that PostgREST has for the SQLSTATE, with details and hint', async () => {
    const statusOf = async (code: string) => (await user().rpc('test_raise', { code })).status
    expect(await user().rpc('test_raise', { code: 'P0001' })).toMatchObject({
      status: 400,
      error: { code: 'P0001', message: 'no', details: 'why', hint: 'what to do' },
    })
    expect(await Promise.all(['23505', '42501', '57014', '53300', 'PT418', '22023'].map(statusOf))).toEqual([
      409, 403, 500, 503, 418, 400,
    ])
    expect(await anon().rpc('test_raise', { code: '42501' })).toMatchObject({ status: 401 })
  })
})

describe('a request that is refused', () => {
  it('is one without a key, with a foreign key, or with a token that is forged, expired, unsigned or of another role', async () => {
    const good = await userToken('ada')
    const [head, , signature] = good.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { sub: 'ada', role: 'authenticated', exp: Math.floor(Date.now() / 1000) + 3600 }
    const tokens = {
      forged: `${head}.${encode({ ...claims, sub: 'bob' })}.${signature}`,
      foreign: await userToken('ada', { ...supabase, jwtSecret: 'another secret of thirty-two characters' }),
      expired: await userToken('ada', supabase, '-1h'),
      unsigned: `${encode({ alg: 'none' })}.${encode(claims)}.`,
      otherRole: await userToken('ada', supabase, '1h', 'postgres'),
    }
    for (const [kind, token] of Object.entries(tokens)) {
      const { status } = await clientWith(async () => token)
        .schema('app')
        .rpc('test_who')
      expect([kind, status]).toEqual([kind, 401])
    }
    const bare = (headers: HeadersInit) => fetch(`${supabase.url}/rest/v1/rpc/test_who`, { method: 'POST', headers })
    expect((await bare({ authorization: `Bearer ${good}` })).status).toBe(401)
    expect((await bare({ authorization: `Bearer ${good}`, apikey: good })).status).toBe(401)
  })

  it('names a function, an argument or a schema that is not there', async () => {
    expect(await user().rpc('test_add', { b: 1 })).toMatchObject({ status: 404, error: { code: 'PGRST202' } })
    expect(await user().rpc('test_add', { a: 1, c: 1 })).toMatchObject({ status: 404, error: { code: 'PGRST202' } })
    expect(await browserClient().schema('secret').rpc('x')).toMatchObject({ status: 406, error: { code: 'PGRST106' } })
  })

  it('asks for something that only PostgREST has: 501, never an answer without it', async () => {
    expect(await user().from('domains').select()).toMatchObject({ status: 501 })
    expect(await user().rpc('test_who').eq('sub', 'bob')).toMatchObject({ status: 501 })
    expect(await user().rpc('test_who', {}, { count: 'exact' })).toMatchObject({ status: 501 })
    expect(await user().rpc('test_who', {}, { get: true })).toMatchObject({ status: 501 })
  })
})

import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { SignJWT } from 'jose'
import { inject } from 'vitest'
import type { TestSupabase } from './serve-supabase.js'

/** The Supabase of this run: on PGlite in the project `supabase`, on Postgres in `postgres`. */
export const supabase = inject('supabase')

/** A client with the service key: a server's. */
export function serverClient(of: TestSupabase = supabase, through: typeof fetch = fetch): SupabaseClient {
  return createClient(of.url, of.serviceRoleKey, { ...options, global: { fetch: through } })
}

/** A client of a browser in which `userId` is signed in; without one, of a browser in which nobody is. */
export function browserClient(
  userId?: string,
  of: TestSupabase = supabase,
  through: typeof fetch = fetch,
): SupabaseClient {
  return clientWith(userId === undefined ? undefined : () => userToken(userId, of), of, through)
}

/** A client of a browser that sends the token it is given. */
export function clientWith(
  accessToken?: () => Promise<string>,
  of: TestSupabase = supabase,
  through: typeof fetch = fetch,
): SupabaseClient {
  return createClient(of.url, of.anonKey, {
    ...options,
    global: { fetch: through },
    ...(accessToken && { accessToken }),
  })
}

/** The token of a signed-in user, as Supabase's auth server would give it. */
export function userToken(
  userId: string,
  { jwtSecret }: TestSupabase = supabase,
  expiresIn = '1h',
  role = 'authenticated',
): Promise<string> {
  return new SignJWT({ sub: userId, role, aud: 'authenticated' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(expiresIn)
    .sign(new TextEncoder().encode(jwtSecret))
}

/** Runs SQL as the owner of the database; values come as text. */
export async function sql(
  query: string,
  params: readonly unknown[] = [],
  { sqlUrl }: TestSupabase = supabase,
): Promise<readonly Record<string, string | null>[]> {
  const response = await fetch(sqlUrl, { method: 'POST', body: JSON.stringify({ query, params }) })
  const answer = await response.json()
  if (!response.ok) throw Object.assign(new Error(answer.message), { code: answer.code })
  return answer
}

/** A workspace of its own: a hostname that no other test uses, with a domain. */
export async function newWorkspace(of: TestSupabase = supabase): Promise<string> {
  const hostname = `${crypto.randomUUID()}.example`
  await sql('insert into app.domains (hostname) values ($1)', [hostname], of)
  return hostname
}

// Node 20 has no WebSocket, and createClient wants one for a realtime connection that is never opened here.
class NoRealtime {
  constructor() {
    throw new Error('This test uses no realtime.')
  }
}

const options = {
  auth: { persistSession: false, autoRefreshToken: false },
  realtime: { transport: NoRealtime as unknown as typeof WebSocket }, // never called, so never asked for more
}

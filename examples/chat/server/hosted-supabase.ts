import { SignJWT } from 'jose'
import type { ChatSupabase } from './supabase.js'
import { serverClient } from './supabase-client.js'

/** A project of yours, with leftoff's migrations run. */
interface HostedSupabase {
  readonly url: string
  readonly serviceRoleKey: string
  /** For guests, who have no sign-in there: this server signs their tokens. */
  readonly page?: { readonly anonKey: string; readonly jwtSecret: string }
}

/** A real Supabase. An app whose users sign in with Supabase signs no tokens: its page has a client that is signed in. */
export async function hostedSupabase(
  { url, serviceRoleKey, page }: HostedSupabase,
  workspaces: readonly string[],
): Promise<ChatSupabase> {
  const client = serverClient(url, serviceRoleKey)
  const { error } = await client
    .schema('app')
    .from('domains')
    .upsert(
      workspaces.map((hostname) => ({ hostname })),
      { onConflict: 'hostname', ignoreDuplicates: true },
    )
  if (error) throw new Error(`${url} does not take the workspaces: ${error.message}`, { cause: error })
  return {
    client,
    ...(page && {
      forPage: {
        url,
        anonKey: page.anonKey,
        signUser: (userId: string) =>
          new SignJWT({ sub: userId, role: 'authenticated', aud: 'authenticated' })
            .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
            .setIssuedAt()
            .setExpirationTime('1h')
            .sign(new TextEncoder().encode(page.jwtSecret)),
      },
    }),
    async close() {},
  }
}

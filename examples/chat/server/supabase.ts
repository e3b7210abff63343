import type { SupabaseRpcClient } from 'leftoff/supabase'
import { hostedSupabase } from './hosted-supabase.js'
import { localSupabase } from './local-supabase.js'

/** The Supabase behind this app: agent sessions, and the sessions of users who choose it. */
export interface ChatSupabase {
  /** With the service key, for the server only. */
  readonly client: SupabaseRpcClient
  /** What the page connects with. Missing if the page cannot. */
  readonly forPage?: PageSupabase
  /** Answers at /rest/v1 of this server. Missing if Supabase has an address of its own. */
  readonly fetch?: (request: Request) => Promise<Response>
  close(): Promise<void>
}

/** How a user's page reaches Supabase. */
export interface PageSupabase {
  /** Its address; without one, that of the page. */
  readonly url?: string
  readonly anonKey: string
  /** A token with which the page is this user for an hour. */
  signUser(userId: string): Promise<string>
}

/** The project that `SUPABASE_URL` and keys name, else a stand-in that keeps its data in `folder`. */
export function openSupabase(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
  workspaces: readonly string[],
): Promise<ChatSupabase> {
  const { SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY, SUPABASE_ANON_KEY, SUPABASE_JWT_SECRET } = env
  if (!SUPABASE_URL) return localSupabase(folder, workspaces)
  if (!SUPABASE_SERVICE_ROLE_KEY) throw new Error('SUPABASE_URL needs SUPABASE_SERVICE_ROLE_KEY beside it.')
  return hostedSupabase(
    {
      url: SUPABASE_URL,
      serviceRoleKey: SUPABASE_SERVICE_ROLE_KEY,
      ...(SUPABASE_ANON_KEY && SUPABASE_JWT_SECRET
        ? { page: { anonKey: SUPABASE_ANON_KEY, jwtSecret: SUPABASE_JWT_SECRET } }
        : {}),
    },
    workspaces,
  )
}

import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { createLocalSupabase } from 'leftoff-local-supabase'
import { storedSecret } from './stored-secret.js'
import type { ChatSupabase } from './supabase.js'
import { serverClient } from './supabase-client.js'

/** Supabase's stand-in inside this process, on a database in `folder`. */
export async function localSupabase(folder: string, workspaces: readonly string[]): Promise<ChatSupabase> {
  const older = join(folder, olderDatabase)
  if (await exists(older)) {
    console.log(`${older} is from an earlier version of this example and is not used any more. You can delete it.`)
  }
  const jwtSecret = await storedSecret(folder, 'supabase-jwt-secret')
  const local = await createLocalSupabase({ jwtSecret, dataDir: join(folder, database) })
  await local.pool.query('insert into app.domains (hostname) select unnest($1::text[]) on conflict do nothing', [
    workspaces,
  ])
  return {
    // No network between the two; the address only makes the requests whole.
    client: serverClient('http://localhost', local.serviceRoleKey, (input, init) =>
      local.fetch(new Request(input, init)),
    ),
    forPage: { anonKey: local.anonKey, signUser: (userId) => local.signUser(userId) },
    fetch: local.fetch,
    close: local.close,
  }
}

/** A name of its own since the sessions have another form: the migrations do not convert those of the earlier one. */
const database = 'database'
const olderDatabase = 'supabase'

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

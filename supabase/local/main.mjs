// `npm run supabase:local`: the stand-in as a process of its own, on the port of `supabase start`.

import { serve } from '@hono/node-server'
import { jwtSecretOf } from './jwt-secret.mjs'
import { localOnly } from './local-only.mjs'
import { createLocalSupabase } from './local-supabase.mjs'

const { PORT = '54321', DATA_DIR, DATABASE_URL, JWT_SECRET } = process.env
// What is made here is for this user alone.
process.umask(0o077)

const supabase = await createLocalSupabase({
  jwtSecret: JWT_SECRET || (await jwtSecretOf(DATA_DIR || undefined)),
  databaseUrl: DATABASE_URL || undefined,
  dataDir: DATA_DIR || undefined,
})
const server = serve({ fetch: localOnly(supabase.fetch), port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`SUPABASE_URL=http://127.0.0.1:${port}`)
  console.log(`SUPABASE_ANON_KEY=${supabase.anonKey}`)
  console.log(`SUPABASE_SERVICE_ROLE_KEY=${supabase.serviceRoleKey}`)
})
server.once('error', (error) => {
  console.error(`Cannot listen on port ${PORT}: ${error.message}. Set PORT to another one.`)
  process.exit(1)
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => void supabase.close())
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
}

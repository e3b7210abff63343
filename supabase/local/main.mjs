// `npm run supabase:local`: the stand-in as a process of its own, on the port and with the secret of `supabase start`.

import { serve } from '@hono/node-server'
import { createLocalSupabase } from './local-supabase.mjs'

const { PORT = '54321', DATA_DIR, DATABASE_URL } = process.env
const { JWT_SECRET = 'super-secret-jwt-token-with-at-least-32-characters-long' } = process.env

const supabase = await createLocalSupabase({
  jwtSecret: JWT_SECRET,
  databaseUrl: DATABASE_URL || undefined,
  dataDir: DATA_DIR || undefined,
})
// This machine only: its secret is known to everyone.
const server = serve({ fetch: supabase.fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) => {
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

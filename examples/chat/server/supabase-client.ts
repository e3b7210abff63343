import { createClient } from '@supabase/supabase-js'

/** A client with the service key. It keeps no session and opens no realtime connection. */
export function serverClient(url: string, serviceRoleKey: string, fetch: typeof globalThis.fetch = globalThis.fetch) {
  return createClient(url, serviceRoleKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch },
    // Node 20 has no WebSocket, and createClient wants one for the connection that is never opened.
    realtime: { transport: NoRealtime as unknown as typeof WebSocket }, // never called, so never asked for more
  })
}

class NoRealtime {
  constructor() {
    throw new Error('This server uses no realtime.')
  }
}

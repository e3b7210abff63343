// A server process of its own, with leftoff as it is published. Told by messages which turns to run; tells what came of each.

import { createClient } from '@supabase/supabase-js'
import { runTurn } from 'leftoff/server'
import { supabaseAgentSessions } from 'leftoff/server/supabase'

const { SUPABASE_URL = '', SUPABASE_SERVICE_ROLE_KEY = '' } = process.env

class NoRealtime {}

const client = createClient(SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY, {
  auth: { persistSession: false, autoRefreshToken: false },
  // Node 20 has no WebSocket, and createClient wants one for a connection that is never opened.
  realtime: { transport: /** @type {any} */ (NoRealtime) },
})
const sessions = supabaseAgentSessions({ client, timeoutMs: 30_000 })

/** @type {() => void} */
let finish = () => undefined
const finished = new Promise((resolve) => {
  finish = () => resolve(undefined)
})

process.on('message', (/** @type {any} */ told) => {
  if (told.finish) finish()
  else for (let n = 0; n < told.sends; n += 1) void send(told)
})
process.on('disconnect', () => process.exit())
tell({ ready: true })

/** @param {{ key: import('leftoff/server').TabKey, leaseMs: number }} turn */
async function send({ key, leaseMs }) {
  const agentSessionId = crypto.randomUUID()
  try {
    const turn = await runTurn({
      sessions,
      key,
      leaseMs,
      agent: { sessionIdOf: (id) => id, kindOf: () => 'success', classify: () => 'other' },
      hasHistory: false,
      async *run() {
        tell({ running: agentSessionId })
        await finished
        yield agentSessionId
      },
    })
    if (!turn.ok) return tell({ busy: turn.retryAfterMs })
    for await (const event of turn.events) if (event.type === 'done') tell({ done: agentSessionId })
  } catch (error) {
    tell({ failed: String(error) })
  }
}

/** @param {object} what */
function tell(what) {
  process.send?.(what)
}

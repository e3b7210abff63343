// A server process of its own, with leftoff as it is published, on Postgres, signed in as a role that owns nothing, or on Redis. Told by
// messages what to do; tells what came of it, and when by the machine's clock.

import { postgresAgentSessions, redisAgentSessions, runTurn } from 'leftoff/server'
import pg from 'pg'
import { createClient } from 'redis'

const database = process.env.DATABASE ?? ''
const sessions = database.startsWith('postgresql:') ? onPostgres() : await onRedis()

/** @type {() => void} */
let finish = () => undefined
const finished = new Promise((resolve) => {
  finish = () => resolve(undefined)
})

process.on('message', (/** @type {any} */ told) => {
  if (told.finish) finish()
  else if (told.stop) void stop(told)
  else for (let n = 0; n < told.sends; n += 1) void send(told)
})
process.on('disconnect', () => process.exit())
tell({ ready: true })

/** @param {{ key: import('leftoff/server').TabKey, stop: string }} told */
async function stop({ key, stop: turnId }) {
  const at = Date.now()
  tell({ stopping: await sessions.requestStop(key, turnId), at })
}

/** @param {{ key: import('leftoff/server').TabKey, turnId?: string, leaseMs: number }} turn */
async function send({ key, turnId, leaseMs }) {
  const agentSessionId = crypto.randomUUID()
  const from = Date.now()
  try {
    const turn = await runTurn({
      sessions,
      key,
      leaseMs,
      ...(turnId !== undefined && { turnId }),
      agent: { sessionIdOf: (/** @type {string} */ id) => id, kindOf: () => 'success', classify: () => 'other' },
      hasHistory: false,
      async *run({ signal }) {
        tell({ running: agentSessionId, from, at: Date.now() })
        const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
        await Promise.race([finished, aborted])
        if (signal.aborted) return tell({ aborted: true, at: Date.now() })
        yield agentSessionId
      },
    })
    if (!turn.ok)
      return tell({
        refused: turn.reason,
        state: turn.turn.state,
        retryAfterMs: turn.retryAfterMs,
        from,
        at: Date.now(),
      })
    for await (const { type } of turn.events) {
      if (type === 'done' || type === 'stopped') tell({ ended: type, session: agentSessionId, at: Date.now() })
    }
  } catch (error) {
    tell({
      failed: String(error),
      code: error instanceof Error && 'code' in error ? error.code : undefined,
      at: Date.now(),
    })
  }
}

/** @param {object} what */
function tell(what) {
  process.send?.(what)
}

function onPostgres() {
  const pool = new pg.Pool({ connectionString: database, max: 20 })
  // An idle connection that breaks is replaced.
  pool.on('error', () => undefined)
  return postgresAgentSessions({
    query: async (sql, params) => (await pool.query(sql, [...params])).rows,
    timeoutMs: 30_000,
  })
}

async function onRedis() {
  const client = createClient({
    socket: { path: database, tls: false, reconnectStrategy: () => 50 },
    disableOfflineQueue: true,
  })
  client.on('error', () => undefined) // it connects again
  await client.connect()
  return redisAgentSessions({ command: (args) => client.sendCommand([...args]) })
}

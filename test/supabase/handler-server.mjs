// A server process of its own whose turns outlive its pages, with leftoff as it is published, signed in to Postgres as a role that owns
// nothing. It ends by SIGKILL at the step that KILL_AT names, such as `before onAnswer`.

import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { createTurnHandler, postgresAgentSessions, postgresTurnLog, statelessDriver } from 'leftoff/server'
import pg from 'pg'

const { DATABASE_URL, KILL_AT, MESSAGES, LEASE_MS } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 20 })
/** @param {string} sql @param {readonly unknown[]} params */
const query = async (sql, params) => (await pool.query(sql, [...params])).rows

/** @param {string} step */
function at(step) {
  if (step === KILL_AT) process.kill(process.pid, 'SIGKILL')
}

/**
 * @template {readonly unknown[]} A
 * @template R
 * @param {string} name
 * @param {(...given: A) => Promise<R>} call
 * @returns {(...given: A) => Promise<R>}
 */
function step(name, call) {
  return async (...given) => {
    at(`before ${name}`)
    const result = await call(...given)
    at(`after ${name}`)
    return result
  }
}

const sessions = postgresAgentSessions({ query, timeoutMs: 30_000 })
const log = postgresTurnLog({ query })
const words = Array.from({ length: 20 }, (_, n) => `word${n} `)

/** @param {{ userId: string, conversationId: string, turnId: string }} of @param {string} id @param {string} text @param {string} outcome */
async function upsert({ userId, conversationId, turnId }, id, text, outcome) {
  await query(
    `insert into ${MESSAGES} values ($1, $2, $3, $4, $5, $6)
       on conflict (user_id, conversation_id, id) do update set text = $4, outcome = $5, turn_id = $6`,
    [userId, conversationId, id, text, outcome, turnId],
  )
}

const turns = createTurnHandler({
  sessions: {
    ...sessions,
    beginTurn: step('beginTurn', sessions.beginTurn),
    endTurn: step('endTurn', sessions.endTurn),
  },
  log: {
    ...log,
    start: step('log.start', log.start),
    end: step('log.end', log.end),
  },
  agent: statelessDriver({ textOf: (/** @type {string} */ word) => word }),
  leaseMs: Number(LEASE_MS),
  authorize: (request) => ({ userId: request.headers.get('x-user') ?? '' }),
  onQuestion: step('onQuestion', async (/** @type {import('leftoff/server').TurnQuestion<string>} */ question) =>
    upsert(question, question.messageId, question.input, 'question'),
  ),
  onAnswer: step('onAnswer', async (/** @type {import('leftoff/server').TurnAnswer} */ answer) =>
    upsert(answer, answer.answerId, answer.text, answer.outcome),
  ),
  async *run({ turnId, conversationId, userId, signal }) {
    await upsert({ userId, conversationId, turnId }, `run.${turnId}.${crypto.randomUUID()}`, '', 'run')
    for (const [n, word] of words.entries()) {
      yield word
      if (n === 9) await wait(600) // the first half is in the log
      at(`word ${n}`)
      await wait(20, undefined, { signal })
    }
  },
})

const server = createServer(getRequestListener(turns.fetch))
server.listen(0, () => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})
process.on('disconnect', () => process.exit())

import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { turnQuery } from '../../src/core/turn-requests.js'
import { postgresAgentSessions, postgresTurnLog, tabKey } from '../../src/server/index.js'
import { type Reading, reading } from '../server/handler/handler-setup.js'
import { endProcess } from '../support/end-process.js'
import { withPg } from './drivers.js'
import { supabase } from './supabase.js'

// Server processes that share nothing but the database, on what was built.

const workspace = 'handler.example'
const answer = Array.from({ length: 20 }, (_, n) => `word${n} `).join('')
const leaseMs = 3_000
const messages = `public.messages_${randomUUID().slice(0, 8)}`
const role = `handler_${randomUUID().slice(0, 8)}`
let owner: pg.Client
let url: string
let driver: ReturnType<typeof withPg>

beforeAll(async () => {
  owner = new pg.Client(supabase.databaseUrl)
  await owner.connect()
  await owner.query(`
    create role ${role} login;
    grant leftoff_server to ${role};
    create table ${messages} (user_id text, conversation_id text, id text, text text, outcome text, turn_id text,
      primary key (user_id, conversation_id, id));
    grant all on ${messages} to ${role};
    grant usage on schema public to ${role}`)
  const own = new URL(supabase.databaseUrl ?? '')
  own.username = role
  url = own.href
  driver = withPg(url)
  return async () => {
    await driver.close()
    await owner.query(`drop table ${messages}; revoke all on schema public from ${role}; drop role ${role}`)
    await owner.end()
  }
})

/** A server, which may be killed at a step. */
async function start(killAt = '', onEnd = onTestFinished): Promise<{ child: ChildProcess; address: string }> {
  const env = { ...process.env, DATABASE_URL: url, KILL_AT: killAt, MESSAGES: messages, LEASE_MS: `${leaseMs}` }
  const child = fork('test/supabase/handler-server.mjs', { env })
  onEnd(async () => {
    await endProcess(child)
  })
  const [port] = await once(child, 'message')
  return { child, address: `http://localhost:${port}/api/turn` }
}

/** One conversation of one user, and what is stored of it. */
function conversationOf() {
  const userId = randomUUID()
  const conversationId = randomUUID()
  const key = tabKey({ userId, workspace, tabId: conversationId })
  const headers = { 'Content-Type': 'application/json', 'x-user': userId }
  const body = { workspace, conversationId, messageId: 'm1', message: 'Hi' }
  const stored = async (): Promise<{ id: string; text: string; outcome: string; turn_id: string }[]> => {
    const sql = `select id, text, outcome, turn_id from ${messages} where user_id = $1 and outcome <> 'run' order by id`
    return (await owner.query(sql, [userId])).rows
  }
  const runs = async (): Promise<number> =>
    (await owner.query(`select 1 from ${messages} where user_id = $1 and outcome = 'run'`, [userId])).rows.length
  return {
    key,
    stored,
    runs,
    send: (address: string, turnId: string) =>
      fetch(address, { method: 'POST', headers, body: JSON.stringify({ ...body, turnId }) }),
    follow: (address: string, turnId?: string) =>
      fetch(`${address}?${turnQuery({ workspace, conversationId, ...(turnId && { turnId }) })}`, { headers }),
  }
}

const endOf = (read: Reading) => read.events().at(-1)

describe('one turn that is sent 100 times to two servers', () => {
  it('runs once and gives 100 whole answers; with the log emptied it gives the outcome', async () => {
    const [one, two] = [await start(), await start()]
    const { key, send, runs, stored } = conversationOf()
    const turnId = randomUUID()
    const responses = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => send((n % 2 ? one : two).address, turnId)),
    )
    const reads = responses.map(reading)
    await Promise.all(reads.map(({ ended }) => ended))
    expect(reads.filter((read) => read.text() === answer)).toHaveLength(100)
    expect(reads.filter((read) => endOf(read)?.type === 'done')).toHaveLength(100)
    expect(reads.every((read) => read.events()[0]?.type === 'turn')).toBe(true)
    expect(await runs()).toBe(1)
    expect(await stored()).toEqual([
      { id: 'm1', text: 'Hi', outcome: 'question', turn_id: turnId },
      { id: 'm1.answer', text: answer, outcome: 'done', turn_id: turnId },
    ])

    await postgresTurnLog({ query: driver.query }).delete(key)
    for (const { address } of [one, two]) {
      const read = reading(await send(address, turnId))
      await read.ended
      expect(read.events().map(({ type }) => type)).toEqual(['turn', 'missed', 'done'])
    }
    expect(await runs()).toBe(1)
  })
})

type Step = readonly [at: string, row: 'none' | 'interrupted' | 'done', question: boolean, answered: boolean]

describe('a server that is killed', () => {
  const steps: readonly Step[] = [
    ['before beginTurn', 'none', false, false],
    ['after beginTurn', 'interrupted', false, false],
    ['before log.start', 'interrupted', false, false],
    ['after log.start', 'interrupted', false, false],
    ['before onQuestion', 'interrupted', false, false],
    ['after onQuestion', 'interrupted', true, false],
    ['word 0', 'interrupted', true, false],
    ['word 9', 'interrupted', true, false],
    ['before onAnswer', 'interrupted', true, false],
    ['after onAnswer', 'interrupted', true, true],
    ['before endTurn', 'interrupted', true, true],
    ['after endTurn', 'done', true, true],
    ['before log.end', 'done', true, true],
    ['after log.end', 'done', true, true],
  ]

  // Most of each is waiting for the dead one's lease.
  it.concurrent.for(steps)(
    '%s: the row, the messages and the followers say so, nothing is there twice, a retry works',
    async ([at, row, question, answered], { expect, onTestFinished }) => {
      const [victim, survivor] = await Promise.all([start(at, onTestFinished), start('', onTestFinished)])
      const { key, send, follow, runs, stored } = conversationOf()
      const sessions = postgresAgentSessions({ query: driver.query, timeoutMs: 30_000 })
      const turnId = randomUUID()
      const gone = once(victim.child, 'exit')
      const sent = send(victim.address, turnId).then((response) => {
        const read = reading(response)
        read.ended.catch(() => {}) // the connection breaks
        return read
      })
      sent.catch(() => {})
      await gone
      // The one who follows meanwhile, at another server.
      const following = await follow(survivor.address, turnId)
      if (row === 'none') expect(following.status).toBe(404)
      else {
        const read = reading(following)
        await read.ended
        expect(endOf(read)).toMatchObject(
          row === 'done' ? { type: 'done', kept: true } : { type: 'error', code: 'turn-interrupted' },
        )
        expect(answer.startsWith(read.text())).toBe(true)
        if (at === 'word 9' || at === 'before onAnswer') expect(read.text().length).toBeGreaterThan(0)
      }
      expect((await sessions.getTurn(key, turnId))?.state ?? 'none').toBe(row)
      expect((await stored()).map(({ id }) => id)).toEqual([
        ...(question ? ['m1'] : []),
        ...(answered ? ['m1.answer'] : []),
      ])
      const before = await runs()
      expect(before).toBeLessThanOrEqual(1)

      // Sent again it never runs a second time; under a new id it is another attempt.
      const repeated = reading(await send(survivor.address, turnId))
      await repeated.ended
      expect(await runs()).toBe(row === 'none' ? 1 : before)
      const retry = reading(await send(survivor.address, randomUUID()))
      await retry.ended
      expect(retry.text()).toBe(answer)
      expect(endOf(retry)).toMatchObject({ type: 'done', kept: true })
      expect(await stored()).toMatchObject([
        { id: 'm1', text: 'Hi' },
        { id: 'm1.answer', text: answer, outcome: 'done' },
      ])
    },
  )
})

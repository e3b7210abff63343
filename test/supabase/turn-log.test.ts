import { describe, expect, it } from 'vitest'
import { tabKey } from '../../src/core/tab-key.js'
import { postgresTurnLog } from '../../src/server/postgres/postgres-turn-log.js'
import type { PostgresQuery } from '../../src/server/postgres/query-caller.js'
import { turnLogConformance } from '../../src/testing/turn-log-conformance.js'
import { hurried } from '../support/hurried.js'
import { sql } from './supabase.js'

const query: PostgresQuery = (text, params) => sql(text, params)
const clock = hurried(50)

describe.each(['in the process that runs the turn', 'in another process'])('postgresTurnLog, read %s', (where) => {
  turnLogConformance({
    async open({ maxTurnBytes }) {
      await sql('delete from iam.turn_logs')
      const log = postgresTurnLog({ query, maxTurnBytes, clock })
      const elsewhere = where === 'in another process' ? postgresTurnLog({ query, maxTurnBytes, clock }) : log
      return { log, elsewhere, wait: age }
    },
  })
})

describe('the rows of a turn log', () => {
  it('are one for what arrives at once, and name neither user nor conversation', async () => {
    await sql('delete from iam.turn_logs')
    const log = postgresTurnLog({ query, clock })
    await log.start(key, 't1')
    await Promise.all(Array.from({ length: 100 }, (_, n) => log.append(key, 't1', n + 1, [`"${n + 1}"`])))
    expect(await sql('select last_seq, length(events) from iam.turn_log_events')).toHaveLength(1)
    const [row] = await sql('select l::text as text from iam.turn_logs as l')
    expect(row?.text).not.toContain('ada')
    expect(row?.text).not.toContain('demo')
  })

  it('are purged by whole turns, the longest over first, in batches', async () => {
    await sql('delete from iam.turn_logs')
    const log = postgresTurnLog({ query, clock })
    for (const turnId of ['over', 'dead', 'running']) {
      await log.start(key, turnId)
      await log.append(key, turnId, 1, ['1'])
    }
    await log.end(key, 'over', 2, '2')
    await age(30 * 60_000)
    await log.append(key, 'running', 2, ['2'])
    await age(30 * 60_000)
    const purge = async () => (await sql('select iam.purge_turn_logs(1)'))[0]?.purge_turn_logs
    expect(await turns()).toEqual(['dead', 'over', 'running'])
    expect(Number(await purge())).toBe(1)
    expect(await turns()).toEqual(['dead', 'running'])
    expect(Number(await purge())).toBe(1)
    expect(Number(await purge())).toBe(0)
    expect(await turns()).toEqual(['running'])
    expect(await sql('select last_seq from iam.turn_log_events')).toHaveLength(2)
  })

  it('are purged by the turns that come after, where nothing else does it', async () => {
    await sql('delete from iam.turn_logs')
    const log = postgresTurnLog({ query, clock })
    for (let n = 0; n < 5; n += 1) {
      await log.start(key, `t${n}`)
      await log.end(key, `t${n}`, 1, '1')
    }
    await age(5 * 60_000)
    for (let n = 5; n < 8; n += 1) await log.start(key, `t${n}`)
    expect(await turns()).toEqual(['t5', 't6', 't7'])
  })
})

describe('what a turn log cannot store', () => {
  it('is refused: an event of two lines, a turn id that no client may choose', async () => {
    const log = postgresTurnLog({ query, clock })
    const refused = { code: 'invalid-argument' }
    await expect(log.start(key, "'; drop")).rejects.toMatchObject(refused)
    await log.start(key, 't-lines')
    await expect(log.append(key, 't-lines', 1, ['{\n}'])).rejects.toMatchObject(refused)
  })
})

const key = tabKey({ userId: 'ada', workspace: 'demo.alive.best', tabId: 't1' })

async function turns() {
  return (await sql('select turn_id from iam.turn_logs order by turn_id')).map(({ turn_id }) => turn_id)
}

/** Makes all turns older: time as the database sees it. */
async function age(ms: number): Promise<void> {
  clock.skip(ms)
  await sql("update iam.turn_logs set kept_until = kept_until - $1 * interval '1 millisecond'", [ms])
}

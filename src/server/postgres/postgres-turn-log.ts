import { type Clock, systemClock } from '../../core/clock.js'
import { asLines, readLines } from '../log/event-lines.js'
import type { FetchedEvents } from '../log/polled-turn.js'
import { pollingTurnLog } from '../log/polling-turn-log.js'
import type { LoggedEvent, TurnLog } from '../turn-log.js'
import { unknownAnswer } from '../verb-answer.js'
import { type PostgresQuery, queryCaller } from './query-caller.js'

/** Settings of {@link postgresTurnLog}. */
export interface PostgresTurnLogOptions {
  /** Your driver, in a line. Its role needs `leftoff_server`, and owns nothing. */
  readonly query: PostgresQuery
  /** How much of one turn is kept; 8 MB. */
  readonly maxTurnBytes?: number
  /** How long a turn is kept after its end; 5 minutes. */
  readonly retentionMs?: number
  /** How long one statement may take before it fails as `unreachable`; 5 s. */
  readonly timeoutMs?: number
  /** For batches, polls and `timeoutMs`; how long a turn is kept goes by the database's clock. */
  readonly clock?: Clock
}

/**
 * The log of running turns in Postgres, so that any of your servers can show an answer that another one is writing.
 * Four statements a second for a turn that is written, and four at most for each server that follows it.
 *
 * @example
 * ```ts
 * import { postgresTurnLog } from 'leftoff/server'
 * import pg from 'pg'
 *
 * const pool = new pg.Pool({ connectionString: databaseUrl })
 * pool.on('error', console.error)
 * const log = postgresTurnLog({ query: async (sql, params) => (await pool.query(sql, [...params])).rows })
 * ```
 */
export function postgresTurnLog({
  query,
  maxTurnBytes = 8 * 1024 * 1024,
  retentionMs = 5 * 60_000,
  timeoutMs = 5_000,
  clock = systemClock,
}: PostgresTurnLogOptions): TurnLog {
  const call = queryCaller({ query, schema: 'iam', timeoutMs, clock, onInvalid: 'invalid-argument' })
  return pollingTurnLog(
    {
      start: (key, turnId) => call('start_turn_log', { p_key: key, p_turn_id: turnId }),

      async write(key, turnId, { firstSeq, events, last }) {
        const answer = await call('write_turn_log', {
          p_key: key,
          p_turn_id: turnId,
          p_max_bytes: maxTurnBytes,
          ...(events.length > 0 && {
            p_first_seq: firstSeq,
            p_last_seq: firstSeq + events.length - 1,
            p_events: asLines(events),
          }),
          ...(last && { p_end_seq: last.seq, p_end_event: asLines([last.event]), p_retention_ms: retentionMs }),
        })
        if (answer === 'ok' || answer === 'full' || answer === 'unknown') return answer
        throw unknownAnswer('iam.write_turn_log')
      },

      async fetch(key, turnId, after) {
        const answer = await call('read_turn_log', { p_key: key, p_turn_id: turnId, p_after: after })
        return answer === null ? undefined : readEvents(answer, after)
      },

      async delete(key) {
        await call('delete_turn_logs', { p_key: key })
      },
    },
    clock,
  )
}

/** Checks what came from the database. */
function readEvents(answer: unknown, after: number): FetchedEvents {
  if (typeof answer !== 'object' || answer === null || !('rows' in answer) || !Array.isArray(answer.rows)) {
    throw unknownAnswer('iam.read_turn_log')
  }
  const isWhole = 'hasEnded' in answer && answer.hasEnded === true
  const endSeq = isWhole && 'lastSeq' in answer ? answer.lastSeq : undefined
  const events: LoggedEvent[] = []
  for (const row of answer.rows) {
    const [lastSeq, lines]: readonly unknown[] = Array.isArray(row) ? row : []
    if (typeof lastSeq !== 'number' || typeof lines !== 'string') throw unknownAnswer('iam.read_turn_log')
    for (const event of readLines(lines, lastSeq, after, endSeq)) events.push(event)
  }
  return { events, isWhole }
}

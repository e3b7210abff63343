import { type Clock, systemClock } from '../../core/clock.js'
import { isLeftoffError } from '../../core/error.js'
import type { TabKey } from '../../core/tab-key.js'
import { asLines, readLines } from '../log/event-lines.js'
import type { FetchedEvents } from '../log/polled-turn.js'
import { pollingTurnLog } from '../log/polling-turn-log.js'
import type { TurnLog } from '../turn-log.js'
import { unknownAnswer } from '../verb-answer.js'
import { logScripts } from './log-scripts.js'
import { type RedisCommand, redisKeys, scriptCaller } from './script-caller.js'

/** Settings of {@link redisTurnLog}. */
export interface RedisTurnLogOptions {
  /** Your client, in a line. */
  readonly command: RedisCommand
  /** How much of one turn is kept; 8 MB. */
  readonly maxTurnBytes?: number
  /** How long a turn is kept after its end; 5 minutes. */
  readonly retentionMs?: number
  /** How long one command may take before it fails as `unreachable`; 5 s. */
  readonly timeoutMs?: number
  /** For batches, polls and `timeoutMs`; how long a turn is kept goes by Redis's clock. */
  readonly clock?: Clock
}

/**
 * The log of running turns in Redis, so that any of your servers can show an answer that another one is writing. Four
 * commands a second for a turn that is written, and four at most for each server that follows it; none of them blocks.
 *
 * @example
 * ```ts
 * import { redisTurnLog } from 'leftoff/server'
 * import { Redis } from 'ioredis'
 *
 * const redis = new Redis(redisUrl, { enableOfflineQueue: false })
 * const log = redisTurnLog({ command: ([name = '', ...args]) => redis.call(name, ...args) })
 * ```
 */
export function redisTurnLog({
  command,
  maxTurnBytes = 8 * 1024 * 1024,
  retentionMs = 5 * 60_000,
  timeoutMs = 5_000,
  clock = systemClock,
}: RedisTurnLogOptions): TurnLog {
  const run = scriptCaller({ command, timeoutMs, clock })

  /** Runs a script on the hash of a key, and on the stream of a turn. */
  async function ask(name: keyof typeof logScripts, key: TabKey, turnId = '', args = {}, events: string[] = []) {
    const keys = await redisKeys(key, 'logs', `log:${turnId}`)
    const given = JSON.stringify({ turn_id: turnId, ...args })
    return run(`the turn log (${name})`, logScripts[name], keys, [given, ...events])
  }

  return pollingTurnLog(
    {
      start: (key, turnId) => ask('start', key, turnId),

      async write(key, turnId, { firstSeq, events, last }) {
        const args = {
          max_bytes: maxTurnBytes,
          ...(events.length > 0 && { first_seq: firstSeq, last_seq: firstSeq + events.length - 1 }),
          ...(last && { end_seq: last.seq, retention_ms: retentionMs }),
        }
        try {
          const answer = await ask('write', key, turnId, args, [asLines(events), asLines(last ? [last.event] : [])])
          if (answer === 'ok' || answer === 'full' || answer === 'unknown') return answer
        } catch (error) {
          // Whatever it is that is full. That the end is missing must be known.
          if (isLeftoffError(error, 'quota-exceeded') && !last) return 'full'
          throw error
        }
        throw unknownAnswer('write')
      },

      async fetch(key, turnId, after) {
        return readReply(await ask('fetch', key, turnId, { after }), after)
      },

      async delete(key) {
        await ask('delete', key)
      },
    },
    clock,
  )
}

/** Checks what came from Redis: what is known of the turn, then a text for each batch, its numbers first. */
function readReply(reply: unknown, after: number): FetchedEvents | undefined {
  if (!Array.isArray(reply)) throw unknownAnswer('fetch')
  const [noted, ...batches]: readonly unknown[] = reply
  if (noted === undefined) return undefined
  const [, letter, newest] = /^(\w) (\d+)$/.exec(String(noted)) ?? []
  if (letter === undefined) throw unknownAnswer('fetch')
  const isWhole = letter === 'e'
  const endSeq = isWhole ? Number(newest) : undefined
  const events = batches.flatMap((batch) => {
    const [, lastSeq, lines] = /^(\d+)-\d+\n(.*)$/s.exec(String(batch)) ?? []
    if (lines === undefined) throw unknownAnswer('fetch')
    return readLines(lines, Number(lastSeq), after, endSeq)
  })
  return { events, isWhole }
}

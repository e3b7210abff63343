import { parseJson } from '../../core/checks.js'
import { type Clock, systemClock } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import type { AgentSessionStore } from '../agent-session-store.js'
import { reportError } from '../report-error.js'
import { verbAgentSessions } from '../verb-agent-sessions.js'
import { readVerbAnswer } from '../verb-answer.js'
import { commandCaller, type RedisCommand, redisKeys, scriptCaller } from './script-caller.js'
import { sessionScripts } from './session-scripts.js'

/** Settings of {@link redisAgentSessions}. */
export interface RedisAgentSessionsOptions {
  /** Your client, in a line. */
  readonly command: RedisCommand
  /** How long an id lasts after the last activity; 24 h. */
  readonly expiryMs?: number
  /** How long one verb may take before it fails as `unreachable`; 5 s. */
  readonly timeoutMs?: number
  /** Called once if this Redis evicts keys to make room, leases and turns among them. */
  readonly onError?: (error: unknown) => void
  /** For `timeoutMs`; expiry and leases go by Redis's clock. */
  readonly clock?: Clock
}

/**
 * Agent sessions in Redis, for any number of server processes and through any client. Each verb is one script on one
 * key, which expires a day after its session. Tested on Redis 7. Needs `maxmemory-policy noeviction`, and an AOF
 * if turns are to survive a restart.
 *
 * @example
 * ```ts
 * import { redisAgentSessions } from 'leftoff/server'
 * import { createClient } from 'redis'
 *
 * const client = createClient({ url: redisUrl, disableOfflineQueue: true })
 * client.on('error', (error) => console.error(error))
 * await client.connect()
 * const sessionStore = redisAgentSessions({
 *   command: (args) => client.sendCommand([...args]),
 *   onError: (error) => console.error(error),
 * })
 * ```
 */
export function redisAgentSessions({
  command,
  expiryMs = 24 * 60 * 60 * 1000,
  timeoutMs = 5_000,
  onError,
  clock = systemClock,
}: RedisAgentSessionsOptions): AgentSessionStore {
  const options = { command, timeoutMs, clock }
  const run = scriptCaller(options)
  const call = commandCaller(options)
  let isChecked = false

  /** Beside the first verb, not before it. A Redis that does not say, as some hosted ones, is not asked again. */
  function checkPolicy(): void {
    if (isChecked) return
    isChecked = true
    call('INFO', (command) => command(['INFO', 'memory'])).then(
      (info) => {
        const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(String(info)) ?? []
        if (policy !== 'noeviction') reportError(onError, evicts(policy))
      },
      () => {},
    )
  }

  return verbAgentSessions(async (verb, tabKey, args) => {
    const script = sessionScripts.get(verb) ?? ''
    checkPolicy()
    const reply = await run(verb, script, await redisKeys(tabKey, 'session'), [JSON.stringify(args)])
    // Some clients parse JSON themselves.
    return readVerbAnswer(verb, typeof reply === 'string' ? parseJson(reply) : reply)
  }, expiryMs)
}

function evicts(policy: string): LeftoffError {
  return new LeftoffError(
    'storage-unavailable',
    `This Redis evicts keys when it is full (maxmemory-policy ${policy}), and with them leases and turns: one could run twice. Set maxmemory-policy noeviction.`,
  )
}

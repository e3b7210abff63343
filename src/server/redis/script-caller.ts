import type { Clock } from '../../core/clock.js'
import { isLeftoffError, LeftoffError } from '../../core/error.js'

/**
 * Runs one command, such as `['GET', 'key']`, and gives its reply. Any client fits in a line: nothing blocks, no command
 * relies on what an earlier one left in its connection, and replies are texts and numbers.
 */
export type RedisCommand = (args: readonly string[]) => PromiseLike<unknown>

/** How Redis is called. */
export interface CallerOptions {
  readonly command: RedisCommand
  readonly timeoutMs: number
  readonly clock: Clock
}

/** A command's reply, or a typed error within a bound. `what` names it in the error. */
export function commandCaller({ command, timeoutMs, clock }: CallerOptions) {
  return (what: string, run: (command: RedisCommand) => PromiseLike<unknown>): Promise<unknown> => {
    let isOver = false
    return new Promise((resolve, reject) => {
      const cancel = clock.setTimeout(() => {
        isOver = true
        reject(new LeftoffError('unreachable', `Redis did not answer ${what} within ${timeoutMs} ms. Try again.`))
      }, timeoutMs)
      // Its caller has an error already: nothing more is sent for it.
      const whileAwaited: RedisCommand = (args) => (isOver ? new Promise(() => {}) : command(args))
      // Called within a promise, as it may throw before it returns one.
      Promise.resolve()
        .then(() => run(whileAwaited))
        .then(resolve, (cause: unknown) => reject(redisError(what, cause)))
        .finally(cancel)
    })
  }
}

/** Runs scripts by their hash, so that their text is sent only to a Redis that does not have it yet. */
export function scriptCaller(options: CallerOptions) {
  const call = commandCaller(options)
  const hashes = new Map<string, Promise<string>>()
  const hashOf = (script: string): Promise<string> => {
    const hash = hashes.get(script) ?? hexOfSha1(script)
    hashes.set(script, hash)
    return hash
  }
  return (what: string, script: string, keys: readonly string[], args: readonly string[]): Promise<unknown> =>
    call(what, async (command) => {
      const rest = [String(keys.length), ...keys, ...args]
      const hash = await hashOf(script)
      try {
        return await command(['EVALSHA', hash, ...rest])
      } catch (error) {
        if (!/\bNOSCRIPT\b/.test(messageOf(error))) throw error
        return command(['EVAL', script, ...rest])
      }
    })
}

/**
 * Keys of leftoff's, one of each kind. 128 bits of SHA-256, as clients choose ids and must not meet another's key; in
 * braces, so that what belongs to one tab key lies on one node of a cluster.
 */
export async function redisKeys(tabKey: string, ...kinds: readonly string[]): Promise<readonly string[]> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(tabKey)))
  const hash = btoa(String.fromCharCode(...bytes.subarray(0, 16)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  return kinds.map((kind) => `leftoff:{${hash}}:${kind}`)
}

async function hexOfSha1(script: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(script)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function redisError(what: string, cause: unknown): LeftoffError {
  if (isLeftoffError(cause)) return cause
  const message = messageOf(cause)
  if (/\bOOM\b/.test(message)) {
    const full = `Redis has no memory left for ${what}. Raise maxmemory, or let less be kept.`
    return new LeftoffError('quota-exceeded', full, { cause })
  }
  if (/\b(NOAUTH|NOPERM|WRONGPASS)\b/.test(message)) {
    return new LeftoffError('forbidden', `Redis refused ${what} to this user. Check its password and ACL.`, { cause })
  }
  // It answered, and would answer the same again.
  if (/\b(ERR|WRONGTYPE|MISCONF|NOREPLICAS)\b/.test(message)) {
    return new LeftoffError('storage-unavailable', `Redis could not run ${what}; its reason is the cause.`, { cause })
  }
  // It starts, is a replica, moves its keys, or the connection broke.
  return new LeftoffError('unreachable', `Redis could not be reached for ${what}. Try again.`, { cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

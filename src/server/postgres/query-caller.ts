import type { Clock } from '../../core/clock.js'
import { isLeftoffError, LeftoffError } from '../../core/error.js'

/**
 * Runs one statement with parameters and gives its rows. Any driver fits in a line: nothing is prepared by name, and no
 * statement relies on what an earlier one left in its connection, so a pool in transaction mode will do.
 */
export type PostgresQuery = (sql: string, params: readonly unknown[]) => PromiseLike<readonly object[]>

/** Calls functions of the schema `iam`: their answer, or a typed error within a bound. */
export function queryCaller(query: PostgresQuery, timeoutMs: number, clock: Clock) {
  return (name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> => {
    // Text both ways: how drivers read and write JSON and numbers is their users' to set.
    const named = Object.keys(args).map((arg, index) => `${arg} => $${index + 1}`)
    const params = Object.values(args).map((value) => String(value))
    const sql = `select to_jsonb(iam.${name}(${named.join(', ')}))::text as answer`
    return new Promise((resolve, reject) => {
      const cancel = clock.setTimeout(() => {
        reject(
          new LeftoffError('unreachable', `Postgres did not answer iam.${name} within ${timeoutMs} ms. Try again.`),
        )
      }, timeoutMs)
      // Called within a promise, as it may throw before it returns one.
      Promise.resolve()
        .then(() => query(sql, params))
        .then((rows) => readAnswer(name, rows))
        .then(resolve, (cause: unknown) => reject(queryError(name, cause)))
        .finally(cancel)
    })
  }
}

function readAnswer(name: string, rows: unknown): unknown {
  const [row]: readonly unknown[] = Array.isArray(rows) ? rows : []
  if (typeof row !== 'object' || row === null || !('answer' in row)) {
    throw new LeftoffError(
      'invalid-argument',
      `query: expected the rows of iam.${name} as an array of objects. With pg, give (await pool.query(sql, params)).rows.`,
    )
  }
  return typeof row.answer === 'string' ? JSON.parse(row.answer) : undefined
}

function queryError(name: string, cause: unknown): LeftoffError {
  if (isLeftoffError(cause)) return cause
  const code = sqlState(cause)
  if (code === '42501') {
    const message = `Postgres refused iam.${name} to this role. As its owner: grant leftoff_server to your_app.`
    return new LeftoffError('forbidden', message, { cause })
  }
  if (/^(22|23|54)/.test(code)) {
    const message = `iam.${name}: the database cannot store what it was given; its reason is the cause.`
    return new LeftoffError('invalid-argument', message, { cause })
  }
  if (/^(42883|42P01|3F000)$/.test(code)) {
    const message = `This database does not know iam.${name}. Run supabase/migrations of this version of leftoff.`
    return new LeftoffError('storage-unavailable', message, { cause })
  }
  // A deadlock, a database that starts, stops, has no connection left or is a replica that may become the primary;
  // without a code, a connection that broke.
  if (code === '' || /^(08|25006|40|53|55|57)/.test(code)) {
    return new LeftoffError('unreachable', `Postgres could not be reached for iam.${name}. Try again.`, { cause })
  }
  return new LeftoffError('storage-unavailable', `Postgres could not run iam.${name}; its reason is the cause.`, {
    cause,
  })
}

/** Five characters of Postgres; what the network or the driver says has another form. */
function sqlState(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null || !('code' in cause) || typeof cause.code !== 'string') return ''
  return /^[0-9A-Z]{5}$/.test(cause.code) ? cause.code : ''
}

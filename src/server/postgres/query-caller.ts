import type { Clock } from '../../core/clock.js'
import { isLeftoffError, LeftoffError, type LeftoffErrorCode } from '../../core/error.js'

/**
 * Runs one statement with parameters and gives its rows. Any driver fits in a line: nothing is prepared by name, and no
 * statement relies on what an earlier one left in its connection, so a pool in transaction mode will do.
 */
export type PostgresQuery = (sql: string, params: readonly unknown[]) => PromiseLike<readonly object[]>

/** How the functions of one schema are called. */
interface QueryCallerOptions {
  readonly query: PostgresQuery
  readonly schema: 'app' | 'iam'
  /** How long one statement may take. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** The code for what the database refuses to store. */
  readonly onInvalid: LeftoffErrorCode
}

/** Calls SQL functions: their answer, or a typed error within a bound. */
export function queryCaller({ query, schema, timeoutMs, clock, onInvalid }: QueryCallerOptions) {
  return (name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const what = `${schema}.${name}`
    // Text both ways: how drivers read and write JSON, arrays and numbers is their users' to set.
    const named = Object.entries(args).map(([arg, value], index) => `${arg} => ${parameter(value, index + 1)}`)
    const params = Object.values(args).map((value) =>
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    )
    // A function that returns nothing gives an empty text.
    const sql = `select to_jsonb(a)::text as answer from (select ${what}(${named.join(', ')}) as a) as call`
    return new Promise((resolve, reject) => {
      const cancel = clock.setTimeout(() => {
        reject(new LeftoffError('unreachable', `Postgres did not answer ${what} within ${timeoutMs} ms. Try again.`))
      }, timeoutMs)
      // Called within a promise, as it may throw before it returns one.
      Promise.resolve()
        .then(() => query(sql, params))
        .then((rows) => readAnswer(what, rows))
        .then(resolve, (cause: unknown) => reject(queryError(what, cause, onInvalid)))
        .finally(cancel)
    })
  }
}

/** The place of a value in the statement: a list of texts is a `text[]`, any other object a `jsonb`. */
function parameter(value: unknown, place: number): string {
  if (typeof value !== 'object') return `$${place}`
  const json = `$${place}::text::jsonb`
  return Array.isArray(value) && typeof value[0] === 'string'
    ? `array(select jsonb_array_elements_text(${json}))`
    : json
}

function readAnswer(what: string, rows: unknown): unknown {
  const [row]: readonly unknown[] = Array.isArray(rows) ? rows : []
  if (typeof row !== 'object' || row === null || !('answer' in row)) {
    throw new LeftoffError(
      'invalid-argument',
      `query: expected the rows of ${what} as an array of objects. With pg, give (await pool.query(sql, params)).rows.`,
    )
  }
  return typeof row.answer === 'string' ? JSON.parse(row.answer) : null
}

function queryError(what: string, cause: unknown, onInvalid: LeftoffErrorCode): LeftoffError {
  if (isLeftoffError(cause)) return cause
  const code = sqlState(cause)
  if (code === '42501') {
    const message = `Postgres refused ${what} to this role. As its owner: grant leftoff_server to your_app.`
    return new LeftoffError('forbidden', message, { cause })
  }
  if (/^(22|23|54)/.test(code)) {
    const message = `${what}: the database cannot store one of the values. Check them; the cause says which.`
    return new LeftoffError(onInvalid, message, { cause })
  }
  if (/^(42883|42P01|3F000)$/.test(code)) {
    const message = `This database does not know ${what}. Run supabase/migrations of this version of leftoff.`
    return new LeftoffError('storage-unavailable', message, { cause })
  }
  // A deadlock, a database that starts, stops, has no connection left or is a replica that may become the primary;
  // without a code, a connection that broke.
  if (code === '' || /^(08|25006|40|53|55|57)/.test(code)) {
    return new LeftoffError('unreachable', `Postgres could not be reached for ${what}. Try again.`, { cause })
  }
  return new LeftoffError('storage-unavailable', `Postgres could not run ${what}; its reason is the cause.`, { cause })
}

/** Five characters of Postgres; what the network or the driver says has another form. */
function sqlState(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null || !('code' in cause) || typeof cause.code !== 'string') return ''
  return /^[0-9A-Z]{5}$/.test(cause.code) ? cause.code : ''
}

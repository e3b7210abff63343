import { escapeIdentifier } from 'pg'
import { createFunctionFinder } from './find-function.mjs'
import { RestError, restErrorOf } from './rest-error.mjs'

/**
 * @typedef {object} Call
 * @property {import('./keys.mjs').Claims} claims Who asks.
 * @property {string} schema
 * @property {string} name
 * @property {Record<string, unknown>} args
 * @property {boolean} wantsOneRow As `single()` asks: anything but one row is an error and takes back what was done.
 */

/**
 * Calls functions as PostgREST does: each in a transaction of its own, as the token's role, with the token's claims. All typing is left
 * to Postgres: JSON goes in, JSON text comes out.
 *
 * @param {import('pg').Pool} pool
 */
export function createFunctionCaller(pool) {
  const find = createFunctionFinder(pool)

  /**
   * @param {Call} call
   * @returns {Promise<string | undefined>} JSON; nothing for a function that returns nothing.
   */
  return async ({ claims, schema, name, args, wantsOneRow }) => {
    try {
      const found = await find(schema, name, Object.keys(args))
      const query = callOf(found, schema, name, Object.keys(args))
      return await inTransaction(pool, { claims, schema, isReadOnly: !found.is_volatile }, async (client) => {
        const { rows } = await client.query(query, Object.keys(args).length > 0 ? [JSON.stringify(args)] : [])
        if (found.returns === 'void') return undefined
        const { body, rows: count } = rows[0]
        if (!wantsOneRow) return found.returns_set ? body : first(body)
        if (count !== '1') throw notOneRow(count)
        return first(body)
      })
    } catch (error) {
      throw restErrorOf(error, claims.role)
    }
  }
}

/**
 * Runs `run` in a transaction as the role of the claims.
 *
 * @template T
 * @param {import('pg').Pool} pool
 * @param {{ readonly claims: import('./keys.mjs').Claims, readonly schema: string, readonly isReadOnly?: boolean }} as
 * @param {(client: import('pg').PoolClient) => Promise<T>} run
 */
async function inTransaction(pool, { claims, schema, isReadOnly = false }, run) {
  const client = await pool.connect()
  /** @type {Error | undefined} */
  let broken
  try {
    await client.query(isReadOnly ? 'begin read only' : 'begin')
    await client.query(settings, [claims.role, JSON.stringify(claims), `${escapeIdentifier(schema)}, public`])
    const result = await run(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((cause) => {
      broken = cause
    })
    throw error
  } finally {
    client.release(broken)
  }
}

// Local to the transaction. 8 s is what Supabase gives a signed-in user's statement.
const settings = `select
  set_config('search_path', $3, true), set_config('statement_timeout', '8s', true),
  set_config('request.jwt.claims', $2, true), set_config('role', $1, true)`

/**
 * The statement that calls a function with named arguments out of one JSON object, `$1`.
 *
 * @param {import('./find-function.mjs').SqlFunction} found
 * @param {string} schema
 * @param {string} name
 * @param {readonly string[]} given
 */
function callOf({ args, returns }, schema, name, given) {
  const passed = args.filter((arg) => given.includes(arg.name))
  const named = passed.map((arg) => `${escapeIdentifier(arg.name)} := given.${escapeIdentifier(arg.name)}`)
  const columns = passed.map((arg) => `${escapeIdentifier(arg.name)} ${arg.type}`)
  const from = passed.length > 0 ? `json_to_record($1::json) as given (${columns.join(', ')})` : '(select) as given'
  const call = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}(${named.join(', ')})`
  if (returns === 'void') return `select ${call} from ${from}`
  const result =
    returns === 'composite'
      ? `select row_to_json(called) as value from ${from}, lateral ${call} as called`
      : `select to_json(called.value) as value from ${from}, lateral (select ${call} as value) as called`
  return `select coalesce(json_agg(value), '[]')::text as body, count(*)::text as rows from (${result}) as results`
}

/** The only element of a JSON array's text, as it stands there. @param {string} array */
function first(array) {
  return array === '[]' ? 'null' : array.slice(1, -1)
}

/** @param {string} count */
function notOneRow(count) {
  return new RestError(406, {
    code: 'PGRST116',
    message: 'Cannot coerce the result to a single JSON object',
    details: `The result contains ${count} rows`,
  })
}

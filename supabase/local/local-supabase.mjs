import { createFunctionCaller } from './call-function.mjs'
import { openDatabase } from './database.mjs'
import { createKeys } from './keys.mjs'
import { createRestApp } from './rest-app.mjs'

/**
 * @typedef {object} LocalSupabase
 * @property {(request: Request) => Promise<Response>} fetch Answers what supabase-js sends.
 * @property {string} anonKey
 * @property {string} serviceRoleKey
 * @property {(userId: string, expiresIn?: string) => Promise<string>} signUser The access token of a signed-in user.
 * @property {import('pg').Pool} pool The database itself, as its owner.
 * @property {() => Promise<void>} close Answers what was asked before, then closes the database. Safe to call more than once.
 */

/**
 * A stand-in for a Supabase project, as far as leftoff uses one: functions over HTTP, called as the token's user.
 *
 * @param {object} options
 * @param {string} options.jwtSecret Signs the keys and the users' tokens.
 * @param {string | undefined} [options.databaseUrl] A Postgres to use, as a superuser; PGlite when missing.
 * @param {string | undefined} [options.dataDir] Where PGlite keeps its data; in memory when missing.
 * @param {readonly string[]} [options.schemas] The exposed ones, as in `supabase/config.toml`.
 * @returns {Promise<LocalSupabase>}
 */
export async function createLocalSupabase({ jwtSecret, databaseUrl, dataDir, schemas = ['app', 'iam'] }) {
  const keys = await createKeys(jwtSecret)
  const { pool, close } = await openDatabase({ databaseUrl, dataDir })
  const app = createRestApp({ schemas, keys, callFunction: createFunctionCaller(pool) })
  /** @type {Set<Promise<Response>>} */
  const underWay = new Set()
  return {
    fetch(request) {
      const answer = Promise.resolve(app.fetch(request))
      underWay.add(answer)
      return answer.finally(() => underWay.delete(answer))
    },
    anonKey: keys.anonKey,
    serviceRoleKey: keys.serviceRoleKey,
    signUser: keys.signUser,
    pool,
    async close() {
      await Promise.allSettled(underWay)
      await close()
    },
  }
}

import { RestError } from './rest-error.mjs'

/**
 * @typedef {object} SqlFunction What is to be known of a function to call it.
 * @property {readonly { readonly name: string, readonly type: string, readonly has_default: boolean }[]} args
 * @property {'void' | 'scalar' | 'composite'} returns
 * @property {boolean} returns_set
 * @property {boolean} is_volatile
 */

/**
 * Finds functions by schema, name and argument names, and remembers them, as PostgREST's schema cache does.
 *
 * @param {import('pg').Pool} pool
 */
export function createFunctionFinder(pool) {
  /** @type {Map<string, Promise<readonly SqlFunction[]>>} */
  const known = new Map()

  /**
   * @param {string} schema
   * @param {string} name
   * @returns {Promise<readonly SqlFunction[]>}
   */
  async function named(schema, name) {
    const key = JSON.stringify([schema, name])
    const found = known.get(key) ?? lookUp(schema, name)
    known.set(key, found)
    // What failed or is not there yet is asked for again.
    const functions = await found.catch(() => [])
    if (functions.length === 0) known.delete(key)
    return found
  }

  /**
   * @param {string} schema
   * @param {string} name
   * @returns {Promise<readonly SqlFunction[]>}
   */
  async function lookUp(schema, name) {
    const { rows } = await pool.query(lookup, [schema, name])
    return rows.map((row) => JSON.parse(row.found))
  }

  /**
   * @param {string} schema
   * @param {string} name
   * @param {readonly string[]} given The names of the arguments.
   */
  return async (schema, name, given) => {
    const candidates = (await named(schema, name)).filter(
      ({ args }) =>
        given.every((arg) => args.some(({ name }) => name === arg)) &&
        args.every((arg) => arg.has_default || given.includes(arg.name)),
    )
    const signature = `${schema}.${name}(${given.join(', ')})`
    const [found] = candidates
    if (!found) {
      throw new RestError(404, {
        code: 'PGRST202',
        message: `Could not find the function ${signature} in the schema cache`,
        details: `Searched for the function ${signature}, but no matches were found in the schema cache.`,
      })
    }
    if (candidates.length > 1) {
      throw new RestError(300, {
        code: 'PGRST203',
        message: `Could not choose the best candidate function for ${signature}`,
      })
    }
    return found
  }
}

// An argument with a type to cast to, in the order of the declaration; what comes out only is no argument.
const lookup = `
select json_build_object(
  'args', coalesce((
    select json_agg(json_build_object(
      'name', arg.name,
      'type', format_type(arg.type, null),
      'has_default', arg.place > p.pronargs - p.pronargdefaults
    ) order by arg.place)
    from (
      select name, type, row_number() over (order by place) as place
      from unnest(
        coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames, p.proargmodes::text[]
      ) with ordinality as declared (type, name, mode, place)
      where coalesce(mode, 'i') in ('i', 'b', 'v')
    ) arg
  ), '[]'),
  'returns', case
    when p.prorettype = 'void'::regtype then 'void'
    when t.typtype = 'c' or coalesce(p.proargmodes::text[] && '{t,b,o}', false) then 'composite'
    else 'scalar'
  end,
  'returns_set', p.proretset,
  'is_volatile', p.provolatile = 'v'
) as found
from pg_proc p
join pg_type t on t.oid = p.prorettype
where p.pronamespace = to_regnamespace(quote_ident($1)) and p.proname = $2 and p.prokind = 'f'`

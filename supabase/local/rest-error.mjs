/**
 * @typedef {object} RestErrorBody As PostgREST sends it and supabase-js gives it to its caller.
 * @property {string} code An SQLSTATE or a PGRST code.
 * @property {string | null} details
 * @property {string | null} hint
 * @property {string} message
 */

/** A request that failed, with the status and the body that PostgREST would send. */
export class RestError extends Error {
  /**
   * @param {number} status
   * @param {Partial<RestErrorBody> & { readonly message: string }} body
   */
  constructor(status, { code = '', details = null, hint = null, message }) {
    super(message)
    this.status = status
    /** @type {RestErrorBody} */
    this.body = { code, details, hint, message }
  }
}

/** A request that the stand-in does not answer as PostgREST would, and so refuses. @param {string} what */
export function notSupported(what) {
  return new RestError(501, {
    code: 'LOCAL501',
    message: `The local stand-in for Supabase does not know ${what}.`,
    hint: 'It answers POST /rest/v1/rpc/<function> with named arguments, nothing else. Use a Supabase project for more.',
  })
}

/**
 * What PostgREST makes of an error that the database, or the way to it, raised.
 *
 * @param {unknown} error
 * @param {string} role Who asked.
 */
export function restErrorOf(error, role) {
  if (error instanceof RestError) return error
  const { code, message, detail, hint } = fieldsOf(error)
  if (message.includes('timeout exceeded when trying to connect')) {
    return new RestError(504, { code: 'PGRST003', message: 'Timed out acquiring connection from connection pool.' })
  }
  if (!code || !/^[0-9A-Z]{5}$/.test(code) || /^08/.test(code)) {
    return new RestError(503, {
      code: 'PGRST001',
      message: 'Database client error. Retrying the connection.',
      details: message,
    })
  }
  return new RestError(statusOf(code, message, role), { code, message, details: detail, hint })
}

/** @param {unknown} error */
function fieldsOf(error) {
  /** @type {Record<string, unknown>} */
  const fields = typeof error === 'object' && error !== null ? { ...error } : {}
  /** @param {unknown} value */
  const text = (value) => (typeof value === 'string' ? value : null)
  return {
    code: text(fields.code),
    message: error instanceof Error ? error.message : String(error),
    detail: text(fields.detail),
    hint: text(fields.hint),
  }
}

/**
 * PostgREST's own table.
 *
 * @param {string} code
 * @param {string} message
 * @param {string} role
 */
function statusOf(code, message, role) {
  const raised = /^PT(\d{3})$/.exec(code)?.[1]
  if (raised) return Number(raised)
  const exact = {
    23503: 409,
    23505: 409,
    25006: 405,
    21000: message.endsWith('requires a WHERE clause') ? 400 : 500,
    42501: role === 'anon' ? 401 : 403,
    42883: 404,
    '42P01': 404,
    '42P17': 500,
    '57P01': 503,
    P0001: 400,
  }[code]
  const byClass = { '09': 500, '0L': 403, '0P': 403, 25: 500, 28: 403, '2D': 500, 38: 500, 39: 500, '3B': 500 }
  const server = ['40', '53400', '54', '55', '57', '58', 'F0', 'HV', 'P0', 'XX']
  if (exact) return exact
  if (server.some((prefix) => code.startsWith(prefix))) return 500
  if (code.startsWith('53')) return 503
  return Object.entries(byClass).find(([prefix]) => code.startsWith(prefix))?.[1] ?? 400
}

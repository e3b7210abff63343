import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { notSupported, RestError } from './rest-error.mjs'

/**
 * The HTTP face of the stand-in: what supabase-js sends for `rpc`, answered with PostgREST's statuses and bodies.
 *
 * @param {object} options
 * @param {readonly string[]} options.schemas The exposed ones; the first is meant when a request names none.
 * @param {Awaited<ReturnType<typeof import('./keys.mjs').createKeys>>} options.keys
 * @param {ReturnType<typeof import('./call-function.mjs').createFunctionCaller>} options.callFunction
 */
export function createRestApp({ schemas, keys, callFunction }) {
  const app = new Hono()
  // As Supabase's gateway: any page may ask, the token says who it is.
  app.use(cors({ origin: '*', allowHeaders: [], exposeHeaders: ['Content-Profile'], maxAge: 3600 }))

  app.onError((error, c) => {
    const { status, body } =
      error instanceof RestError ? error : new RestError(500, { code: 'LOCAL500', message: error.message })
    return Response.json(body, { status, headers: c.res.headers })
  })
  app.notFound((c) => {
    throw notSupported(`${c.req.method} ${c.req.path}`)
  })

  app.post('/rest/v1/rpc/:name', async (c) => {
    const claims = await keys.claimsOf({ apikey: c.req.header('apikey'), authorization: c.req.header('authorization') })
    refuseUnknown(c.req)
    const schema = c.req.header('content-profile') ?? schemas[0] ?? ''
    if (!schemas.includes(schema)) {
      throw new RestError(406, {
        code: 'PGRST106',
        message: `Invalid schema: ${schema}`,
        hint: `Only the following schemas are exposed: ${schemas.join(', ')}`,
      })
    }
    const json = await callFunction({
      claims,
      schema,
      name: c.req.param('name'),
      args: parseArgs(await c.req.text()),
      wantsOneRow: c.req.header('accept') === oneObject,
    })
    c.header('Content-Profile', schema)
    if (json === undefined) return c.body(null, 204)
    return c.body(json, 200, { 'Content-Type': 'application/json; charset=utf-8' })
  })

  return app
}

const oneObject = 'application/vnd.pgrst.object+json'

/** What would change the answer and is not built, such as a filter: never ignored. @param {import('hono').HonoRequest} request */
function refuseUnknown(request) {
  const { search } = new URL(request.url)
  if (search) throw notSupported(`the query ${search}`)
  const prefer = request.header('prefer')
  if (prefer) throw notSupported(`Prefer: ${prefer}`)
  const accept = request.header('accept') ?? '*/*'
  if (!['*/*', 'application/json', oneObject].includes(accept)) throw notSupported(`Accept: ${accept}`)
}

/**
 * @param {string} text
 * @returns {Record<string, unknown>}
 */
function parseArgs(text) {
  if (text === '') return {}
  /** @type {unknown} */
  let parsed
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new RestError(400, { code: 'PGRST102', message: 'Empty or invalid json' })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw notSupported('a body that is no object')
  }
  return { ...parsed }
}

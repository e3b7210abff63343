import { createMiddleware } from 'hono/factory'

/**
 * Refuses a request that another site's page sends with our user's cookie. Browsers name the origin of every POST;
 * a client that names none is not a browser and has no cookie to abuse.
 */
export const sameOrigin = createMiddleware(async (c, next) => {
  const origin = c.req.header('Origin')
  if (c.req.method !== 'GET' && origin !== undefined && hostOf(origin) !== c.req.header('Host')) {
    return c.json({ error: 'This address takes requests from its own pages only.' }, 403)
  }
  await next()
})

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

import { createMiddleware } from 'hono/factory'

/** What a machine calls itself: nobody else's page can be loaded from these. */
const loopback = ['localhost', '127.0.0.1', '[::1]']

/**
 * Refuses a request to another name than ours. A page of another site may have its name resolve to this machine, and would then
 * read what is here as its own origin.
 */
export function hostCheck(hosts: readonly string[] = []) {
  const ours = new Set([...loopback, ...hosts])
  return createMiddleware(async (c, next) => {
    // By the request's address, which is made from the header `Host`.
    if (!ours.has(new URL(c.req.url).hostname)) return c.text('No such host here. HOSTS names those there are.', 421)
    await next()
  })
}

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

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { memoryAdapter } from 'leftoff'
import { sessionRoutes } from 'leftoff/server'
import { bundlePage } from '../../support/bundle-page.js'
import { serve } from '../../support/serve.js'

/** A web server with one page, `history-page.tsx`, styled by `leftoff/react/styles.css`. */
export interface HistorySite {
  /** Each name is an origin of its own, with a storage of its own. */
  url(origin: string, options?: SiteOptions): string
  end(): Promise<void>
}

interface SiteOptions {
  /** `localStorage` when omitted; `account`: behind an API, for all origins together. */
  readonly adapter?: 'localStorage' | 'dexie' | 'account'
  /** `ada` when omitted; `''`: a guest. */
  readonly user?: string
  /** How many conversations the device keeps; 1,000. */
  readonly keep?: number
  /** How many conversations are shown first; 30. */
  readonly page?: number
  /** The conversation in the address. */
  readonly id?: string
  /** Whether the page may do only what it has to, by its Content-Security-Policy. */
  readonly isStrict?: boolean
}

const strict = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // the site's own
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** Bundles the page with leftoff as it was built, and serves it at every address. */
export async function startHistorySite(): Promise<HistorySite> {
  const script = await bundlePage(fileURLToPath(new URL('history-page.tsx', import.meta.url)))
  const sheet = await readFile(fileURLToPath(import.meta.resolve('leftoff/react/styles.css')))

  const account = memoryAdapter()
  const routes = getRequestListener(
    sessionRoutes({
      adapterOf: () => account,
      authorize: (request) => ({ userId: request.headers.get('leftoff-user') ?? '' }),
    }).fetch,
  )
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/api/sessions') return routes(request, response)
    const file = { '/page.js': ['text/javascript', script], '/styles.css': ['text/css', sheet] }[pathname]
    const [type, body] = file ?? ['text/html', html]
    if (searchParams.get('strict') === 'true') response.setHeader('Content-Security-Policy', strict)
    response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` })
    response.end(body)
  })
  const { port, close } = await serve(server, '127.0.0.1')
  return {
    url: (
      origin,
      { adapter = 'localStorage', page = 30, id = '', user = 'ada', keep = 1_000, isStrict = false } = {},
    ) =>
      `http://${origin.toLowerCase()}.localhost:${port}/chat/${id}?${new URLSearchParams({ adapter, page: `${page}`, user, keep: `${keep}`, ...(isStrict && { strict: 'true' }) })}`,
    end: close,
  }
}

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>History</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/styles.css">
<style>
  :root { color-scheme: light dark; font-family: system-ui, sans-serif }
  body { margin: 0 }
  .page { display: grid; gap: 1rem; padding: 1rem }
  @media (min-width: 40rem) { .page { grid-template-columns: 18rem 1fr } }
</style>
<div id="root"></div>
<script type="module" src="/page.js"></script>`

import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { bundlePage } from '../../support/bundle-page.js'
import { serve } from '../../support/serve.js'
import { isLocksMode, type LocksMode, locksScripts } from './locks-mode.js'

export type AdapterName = 'localStorage' | 'dexie'

/** A web server with one page, `storage-page.ts`. */
export interface StorageSite {
  /** Each name is an origin of its own, with a storage of its own: browsers take every `*.localhost` for this machine. */
  url(origin: string, adapter: AdapterName, locks?: LocksMode): string
  /** A page that holds nothing but the other one in a frame without an origin. */
  sandboxUrl(origin: string, adapter: AdapterName): string
  end(): Promise<void>
}

/** Bundles the page with leftoff as it was built, and serves it. */
export async function startStorageSite(): Promise<StorageSite> {
  const script = await bundlePage(fileURLToPath(new URL('storage-page.ts', import.meta.url)))

  const server = createServer(({ url = '/' }, response) => {
    const { pathname, search, searchParams } = new URL(url, 'http://localhost')
    if (pathname === '/page.js') {
      // A sandboxed frame has no origin, so that its own server's script is another's.
      response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Access-Control-Allow-Origin': '*' })
      response.end(script)
      return
    }
    const locks = searchParams.get('locks') ?? 'working'
    const body =
      pathname === '/sandbox'
        ? `<iframe name="sandbox" sandbox="allow-scripts" src="/${search}"></iframe>`
        : `${isLocksMode(locks) ? locksScripts[locks] : ''}<script type="module" src="/page.js"></script>`
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
    response.end(`<!doctype html><title>storage</title><link rel="icon" href="data:,">${body}`)
  })
  const { port, close } = await serve(server, '127.0.0.1')
  const at = (origin: string, path: string) => `http://${origin.toLowerCase()}.localhost:${port}/${path}`

  return {
    url: (origin, adapter, locks = 'working') => at(origin, `?adapter=${adapter}&locks=${locks}`),
    sandboxUrl: (origin, adapter) => at(origin, `sandbox?adapter=${adapter}`),
    end: close,
  }
}

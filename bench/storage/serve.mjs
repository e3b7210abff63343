import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'

/**
 * Serves the bundled pages. Each `<name>.localhost` is an origin of its own, with a storage of its own.
 *
 * @param {string} folder
 */
export async function servePages(folder) {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    if (!pathname.endsWith('.js')) {
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      response.end(`<!doctype html><title>bench</title><script type="module" src="${pathname}.js"></script>`)
      return
    }
    const script = await readFile(join(folder, pathname)).catch(() => undefined)
    response.writeHead(script ? 200 : 404, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(script)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port.')
  return {
    /**
     * @param {string} origin
     * @param {string} page
     * @param {Record<string, string>} [query]
     */
    url: (origin, page, query = {}) =>
      `http://${origin}.localhost:${address.port}/${page}?${new URLSearchParams(query)}`,
    close: () => server.close(),
  }
}

// With Node's own http server. `@hono/node-server` makes a Request of `req`, and stops reading when the browser leaves. As in the files
// beside it, the route that loads messages is missing: yours, such as `/api/messages/:id` of ../recipes/ai-sdk/server.ts.

import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { turns } from './turns.js'

const listener = getRequestListener(turns.fetch)

export const server = createServer((request, response) => {
  if (request.url?.startsWith('/api/turn')) return void listener(request, response)
  response.writeHead(404).end()
})

// With nothing but Node's http. The adapter makes a Request of `req`, and stops reading when the browser leaves.

import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { turns } from './turns.js'

const listener = getRequestListener(turns.fetch)

export const server = createServer((request, response) => {
  if (request.url?.startsWith('/api/turn')) return void listener(request, response)
  response.writeHead(404).end()
})

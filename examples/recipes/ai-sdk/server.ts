// The server. `npx tsx server.ts`; while you develop, behind Vite's proxy.

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { turns } from './route.js'
import { messagesOf, userOf } from './your-app.js'

const app = new Hono()
app.all('/api/turn', (c) => turns.fetch(c.req.raw))
app.get('/api/messages/:id', async (c) => {
  const userId = userOf(c.req.raw)
  if (userId === undefined) return c.text('Sign in first.', 401)
  return c.json(await messagesOf({ userId, conversationId: c.req.param('id') }), 200, { 'Cache-Control': 'no-store' })
})

serve({ fetch: app.fetch, port: 3000 })

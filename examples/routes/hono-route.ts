// With Hono, on Node, Bun, Deno or a worker.

import { Hono } from 'hono'
import { turns } from './turns.js'

export const app = new Hono().all('/api/turn', (c) => turns.fetch(c.req.raw))

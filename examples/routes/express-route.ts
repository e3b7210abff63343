// With Express. Before `express.json()`: the handler reads the body itself, and no more of it than it allows.

import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { turns } from './turns.js'

export const app = express()
app.all('/api/turn', getRequestListener(turns.fetch))
app.use(express.json())

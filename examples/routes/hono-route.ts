// The same with Hono, on Node, Bun or Deno.

import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { validator } from 'hono/validator'
import { claudeDriver } from 'leftoff/agents/claude'
import { busyResponse, runTurn, tabKey, turnResponse } from 'leftoff/server'
import { hasMessages, isMember, onError, parseTurn, runAgent, sessionStore, toClient, userOf } from './your-app.js'

const parseBody = validator(
  'json',
  (json) => parseTurn(json) ?? new Response('Not a valid turn request.', { status: 400 }),
)

export const app = new Hono().post('/api/turn', parseBody, async (c) => {
  const body = c.req.valid('json')
  const { workspace, conversationId, turnId } = body
  const userId = await userOf(c.req.raw)
  if (userId === undefined) throw new HTTPException(401, { message: 'Sign in first.' })
  if (!(await isMember(userId, workspace))) throw new HTTPException(404, { message: 'No such workspace.' })
  const turn = await runTurn({
    sessions: sessionStore,
    key: tabKey({ userId, workspace, tabId: conversationId }),
    turnId,
    agent: claudeDriver,
    run: (agentRequest) => runAgent(body, agentRequest),
    hasHistory: () => hasMessages(userId, conversationId),
    signal: c.req.raw.signal,
    onError,
  })
  return turn.ok ? turnResponse(turn.events, toClient, { onError }) : busyResponse(turn)
})

// POST /api/turn, for `readTurn`: a turn that lives in one response. Web-standard; what outlives its page is in ../../routes.

import { claudeDriver } from 'leftoff/agents/claude'
import { busyResponse, runTurn, tabKey, turnResponse } from 'leftoff/server'
import { hasMessages, isMember, onError, parseTurn, runAgent, sessionStore, toClient, userOf } from '../your-app.js'

export async function POST(request: Request): Promise<Response> {
  const userId = await userOf(request)
  if (userId === undefined) return new Response('Sign in first.', { status: 401 })
  const body = parseTurn(await request.json().catch(() => undefined))
  if (!body) return new Response('Not a valid turn request.', { status: 400 })
  const { workspace, conversationId, turnId } = body
  if (!(await isMember(userId, workspace))) return new Response('No such workspace.', { status: 404 })
  const turn = await runTurn({
    sessions: sessionStore,
    key: tabKey({ userId, workspace, tabId: conversationId }),
    turnId,
    agent: claudeDriver,
    run: (agentRequest) => runAgent(body, agentRequest),
    hasHistory: () => hasMessages(userId, conversationId),
    signal: request.signal,
    onError,
  })
  return turn.ok ? turnResponse(turn.events, toClient, { onError }) : busyResponse(turn)
}

import { busyResponse, memoryAgentSessions, runTurn, tabKey, turnResponse } from 'leftoff/server'
import { driver, runAgent } from '../../../server/agent'
import { isKnown, keep } from '../../../server/conversations'
import { onePerProcess } from '../../../server/one-per-process'
import { userOf } from '../../../server/user'

const sessionStore = onePerProcess('sessions', () => memoryAgentSessions())

export async function POST(request: Request): Promise<Response> {
  const { workspace, conversationId, message } = await request.json()
  const userId = await userOf()
  const turn = await runTurn({
    sessions: sessionStore,
    key: tabKey({ userId, workspace, tabId: conversationId }),
    agent: driver,
    run: ({ resume }) => runAgent(message, resume),
    hasHistory: isKnown(userId, conversationId),
    signal: request.signal,
  })
  if (!turn.ok) return busyResponse(turn)
  keep({ userId, workspace, conversationId }, message)
  return turnResponse(turn.events, (message) => (message.type === 'word' ? message.word : undefined))
}

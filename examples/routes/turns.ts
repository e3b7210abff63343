// The turns of your app. The files beside this one mount them: Next, Hono, Express, Fastify, plain http.

import { claudeDriver } from 'leftoff/agents/claude'
import { createTurnHandler } from 'leftoff/server'
import { hasEarlier, isMember, log, onError, runAgent, sessions, upsertMessage, userOf } from './your-app.js'

export const turns = createTurnHandler({
  sessions,
  log,
  agent: claudeDriver,
  async authorize(request, { workspace }) {
    const userId = await userOf(request)
    if (userId === undefined) return new Response('Sign in first.', { status: 401 })
    if (!(await isMember(userId, workspace))) return new Response('No such workspace.', { status: 404 })
    return { userId }
  },
  hasHistory: hasEarlier,
  run: runAgent,
  onQuestion: ({ userId, conversationId, messageId, input }) =>
    upsertMessage({ userId, conversationId, id: messageId, role: 'user', text: input }),
  onAnswer: ({ userId, conversationId, answerId, text, outcome }) =>
    upsertMessage({ userId, conversationId, id: answerId, role: 'assistant', text, outcome }),
  onError,
})

// POST /api/chat: the turn that ../plain-fetch/route.ts runs, answered as the AI SDK reads it.

import { createUIMessageStream, createUIMessageStreamResponse } from 'ai'
import { type ClaudeMessage, claudeDriver } from 'leftoff/agents/claude'
import { busyResponse, runTurn, type TurnEvent, tabKey } from 'leftoff/server'
import { hasMessages, isMember, onError, parseTurn, runAgent, sessionStore, toClient, userOf } from '../your-app.js'
import type { ChatUIMessage } from './messages.js'

export async function POST(request: Request): Promise<Response> {
  const userId = await userOf(request)
  if (userId === undefined) return new Response('Sign in first.', { status: 401 })
  const body = parseTurn(await request.json().catch(() => undefined))
  if (!body) return new Response('Not a valid turn request.', { status: 400 })
  const { workspace, conversationId } = body
  if (!(await isMember(userId, workspace))) return new Response('No such workspace.', { status: 404 })
  const turn = await runTurn({
    sessions: sessionStore,
    key: tabKey({ userId, workspace, tabId: conversationId }),
    agent: claudeDriver,
    run: (agentRequest) => runAgent(body, agentRequest),
    hasHistory: () => hasMessages(userId, conversationId),
    signal: request.signal,
    onError,
  })
  return turn.ok ? uiMessageResponse(turn.events) : busyResponse(turn)
}

function uiMessageResponse(events: AsyncIterable<TurnEvent<ClaudeMessage>>): Response {
  const stream = createUIMessageStream<ChatUIMessage>({
    async execute({ writer }) {
      let part = 0
      let isOpen = false
      const open = () => {
        if (!isOpen) writer.write({ type: 'text-start', id: `${part}` })
        isOpen = true
      }
      const close = () => {
        if (isOpen) writer.write({ type: 'text-end', id: `${part}` })
        isOpen = false
      }
      for await (const event of events) {
        if (event.type === 'recovered') {
          writer.write({ type: 'data-recovered', data: { contextLost: event.contextLost } })
        } else if (event.type === 'discard') {
          close()
          writer.write({ type: 'data-discard', data: {} })
          part += 1
        } else if (event.type === 'message') {
          const text = toClient(event.message)?.text
          if (!text) continue
          open()
          writer.write({ type: 'text-delta', id: `${part}`, delta: text })
        } else if (event.type === 'done') {
          close()
          if (event.usage) writer.write({ type: 'message-metadata', messageMetadata: { usage: event.usage } })
        }
      }
    },
    // Never the error itself: an agent's texts quote its session id.
    onError(error) {
      onError(error)
      return 'The answer could not be completed. Send the message again.'
    },
  })
  return createUIMessageStreamResponse({ stream })
}

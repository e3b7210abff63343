// POST, GET and DELETE /api/turn: the model's own stream of message chunks, which outlives the page.

import { streamText, toUIMessageStream, type UIMessageChunk } from 'ai'
import { createTurnHandler, statelessDriver } from 'leftoff/server'
import { model } from '../turns/model.js'
import { app, log, messagesOf, sessions } from '../turns/your-app.js'

export const { GET, POST, DELETE } = createTurnHandler({
  ...app,
  sessions,
  log,
  agent: statelessDriver<UIMessageChunk>({
    textOf: (chunk) => (chunk.type === 'text-delta' ? chunk.delta : undefined),
    failureOf: (chunk) => (chunk.type === 'error' ? new Error(chunk.errorText) : undefined),
  }),
  toClient: (chunk) => ({ data: chunk }),
  async run({ signal, ...turn }) {
    const { stream } = streamText({ model, messages: await messagesOf(turn), abortSignal: signal })
    return toUIMessageStream({ stream })
  },
})

// A whole route for the AI SDK. `stream`, since `textStream` ends without a word when the model fails.

import { streamText, type TextStreamPart, type ToolSet } from 'ai'
import { createTurnHandler, statelessDriver } from 'leftoff/server'
import { model } from './model.js'
import { app, log, messagesOf, sessions } from './your-app.js'

export const { GET, POST, DELETE } = createTurnHandler({
  ...app,
  sessions,
  log,
  agent: statelessDriver<TextStreamPart<ToolSet>>({
    textOf: (part) => (part.type === 'text-delta' ? part.text : undefined),
    failureOf: (part) => (part.type === 'error' ? part.error : undefined),
  }),
  async run({ signal, ...turn }) {
    return streamText({ model, messages: await messagesOf(turn), abortSignal: signal }).stream
  },
})

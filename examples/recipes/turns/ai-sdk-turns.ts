// A whole route for the AI SDK 7. `stream`, since `textStream` ends without a word when the model fails. In 5 and 6 it is `fullStream`.

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
    const stored = (await messagesOf(turn)).filter(({ id }) => id !== `${turn.messageId}.answer`) // of a try that failed
    const messages = stored.map(({ role, text: content }) => ({ role, content }))
    return streamText({ model, messages, abortSignal: signal }).stream
  },
})

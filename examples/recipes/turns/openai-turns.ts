// A whole route for a model of OpenAI, which keeps no session: the app sends the conversation.

import { createTurnHandler, statelessDriver } from 'leftoff/server'
import OpenAI from 'openai'
import { app, log, messagesOf, sessions } from './your-app.js'

const openai = new OpenAI()

export const { GET, POST, DELETE } = createTurnHandler({
  ...app,
  sessions,
  log,
  agent: statelessDriver<OpenAI.ChatCompletionChunk>({
    textOf: ({ choices }) => choices[0]?.delta.content ?? undefined,
  }),
  async run({ signal, ...turn }) {
    const stored = (await messagesOf(turn)).filter(({ id }) => id !== `${turn.messageId}.answer`) // of a try that failed
    const messages = stored.map(({ role, text: content }) => ({ role, content }))
    return openai.chat.completions.create({ model: 'gpt-5-mini', messages, stream: true }, { signal })
  },
})

// POST, GET and DELETE /api/turn: the model's own stream of message chunks, which outlives the page. This is AI SDK 7. In 5 and 6
// `toUIMessageStream` is not imported: `run` returns `streamText({ … }).toUIMessageStream()`. All else is the same.

import { convertToModelMessages, readUIMessageStream, streamText, toUIMessageStream, type UIMessageChunk } from 'ai'
import { createTurnHandler, statelessDriver } from 'leftoff/server'
import { model } from '../turns/model.js'
import { log, type Message, messagesOf, putMessage, sessions, userOf } from './your-app.js'

export const turns = createTurnHandler({
  sessions,
  log,
  agent: statelessDriver<UIMessageChunk>({
    textOf: (chunk) => (chunk.type === 'text-delta' ? chunk.delta : undefined),
    failureOf: (chunk) => (chunk.type === 'error' ? new Error(chunk.errorText) : undefined),
  }),
  authorize(request, { workspace }) {
    const userId = userOf(request)
    if (userId === undefined) return new Response('Sign in first.', { status: 401 })
    return workspace === 'ai-sdk' ? { userId } : new Response('No such workspace.', { status: 404 })
  },
  toClient: (chunk) => ({ data: chunk }),
  async run({ signal, ...turn }) {
    // A retry does not send the model its own broken answer.
    const stored = (await messagesOf(turn)).filter(({ id }) => id !== `${turn.messageId}.answer`)
    const messages = await convertToModelMessages(stored, { ignoreIncompleteToolCalls: true })
    return toUIMessageStream({ stream: streamText({ model, messages, abortSignal: signal }).stream })
  },
  onQuestion: ({ messageId: id, input: text, ...turn }) =>
    putMessage(turn, { id, role: 'user', parts: [{ type: 'text', text }], metadata: { at: Date.now() } }),
  async onAnswer({ answerId, data, outcome, contextLost, ...turn }) {
    const message = await messageOf(answerId, data as readonly UIMessageChunk[]) // what `toClient` gave
    await putMessage(turn, { ...message, metadata: { at: Date.now(), outcome, contextLost } })
  },
  onError: console.error,
})

export const { GET, POST, DELETE } = turns

/** The message that its chunks make: text, and also tool calls, sources and files, as far as they came. */
async function messageOf(id: string, chunks: readonly UIMessageChunk[]): Promise<Message> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  let whole: Message = { id, role: 'assistant', parts: [] }
  for await (const message of readUIMessageStream<Message>({ message: whole, stream })) whole = { ...message, id }
  return whole
}

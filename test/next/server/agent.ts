import type { AgentDriver } from 'leftoff/server'
import { onePerProcess } from './one-per-process'

/** A message of an agent that counts what it was told in its session. */
export type AgentMessage = { sessionId: string } & ({ type: 'word'; word: string } | { type: 'end' })

export const driver: AgentDriver<AgentMessage> = {
  sessionIdOf: ({ sessionId }) => sessionId,
  kindOf: ({ type }) => (type === 'word' ? 'output' : 'success'),
  classify: (error) => (error instanceof UnknownSession ? 'stale' : 'other'),
}

class UnknownSession extends Error {}

const sessions = onePerProcess('agent', () => new Map<string, number>())

/** Answers word by word. */
export async function* runAgent(message: string, resume: string | undefined): AsyncGenerator<AgentMessage> {
  const told = resume === undefined ? 0 : sessions.get(resume)
  if (told === undefined) throw new UnknownSession()
  const sessionId = resume ?? crypto.randomUUID()
  sessions.set(sessionId, told + 1)
  for (const word of [`${told + 1}: `, 'you ', 'said ', message]) {
    yield { type: 'word', sessionId, word }
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  yield { type: 'end', sessionId }
}

import { claudeDriver } from 'leftoff/agents/claude'
import { type AgentSessionStore, createTurnHandler, type TurnHandler, type TurnLog } from 'leftoff/server'
import { workspaces } from '../shared/chat-api.js'
import type { ChatAgent } from './chat-agent.js'
import type { Messages } from './messages.js'
import { readUser } from './user-cookie.js'

/** What the turns of this app are made of. */
export interface ChatTurns {
  readonly sessionStore: AgentSessionStore
  readonly log: TurnLog
  readonly messages: Messages
  readonly agent: ChatAgent
  readonly cookieSecret: string
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

/** The turns of this app: who may ask, what the agent is asked, and where the messages are kept. */
export function createChatTurns(app: ChatTurns): TurnHandler {
  const { sessionStore, log, messages, agent, cookieSecret, now, onError } = app
  return createTurnHandler({
    sessions: sessionStore,
    log,
    agent: claudeDriver,
    // A conversation whose server died is free soon.
    leaseMs: 6_000,
    async authorize(request, { workspace }) {
      const userId = await readUser(request, cookieSecret)
      if (userId === undefined) return new Response('Open /chat first.', { status: 401 })
      return isWorkspace(workspace) ? { userId } : new Response('No such workspace.', { status: 404 })
    },
    hasHistory: async ({ messageId, ...conversation }) =>
      (await messages.list(conversation)).some(({ id }) => id !== messageId && id !== `${messageId}.answer`),
    run: ({ workspace, input, resume, signal, onStderr }) =>
      agent.run({ workspace, message: input, signal, onStderr, ...(resume !== undefined && { resume }) }),
    onQuestion: ({ messageId, input, ...conversation }) =>
      messages.save(conversation, { id: messageId, role: 'user', text: input, at: now() }),
    onAnswer: ({ answerId, text, outcome, contextLost, ...conversation }) =>
      messages.save(conversation, {
        id: answerId,
        role: 'assistant',
        text,
        at: now(),
        outcome,
        ...(contextLost && { contextLost }),
      }),
    onError,
  })
}

function isWorkspace(workspace: string): boolean {
  return workspaces.some((known) => known === workspace)
}

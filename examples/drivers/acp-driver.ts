// The Agent Client Protocol, package @agentclientprotocol/sdk: one driver for Claude, Codex, Gemini CLI and other agents. Each is a program that
// speaks JSON-RPC on stdin and stdout, and a session is theirs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import {
  type AgentCapabilities,
  type ClientContext,
  type ContentBlock,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
  type SessionUpdate,
  type StopReason,
} from '@agentclientprotocol/sdk'
import type { AgentDriver, AgentRequest, TurnOptions } from 'leftoff/server'

/** What an agent says in one turn: updates, and one end. The first message of a run only names the session. */
export interface AcpMessage {
  readonly sessionId: string
  readonly update?: SessionUpdate
  readonly stopReason?: StopReason
  /** Why `session/prompt` failed. */
  readonly failure?: unknown
}

/** How `runTurn` and `createTurnHandler` understand an agent that speaks ACP. */
export const acpDriver: AgentDriver<AcpMessage> = {
  sessionIdOf: ({ sessionId }) => sessionId,
  kindOf({ update, stopReason, failure }) {
    if (failure !== undefined || stopReason === 'refusal') return 'failure'
    if (stopReason !== undefined) return stopReason === 'cancelled' ? 'other' : 'success'
    return update && outputs.has(update.sessionUpdate) ? 'output' : 'other'
  },
  // Claude and Codex answer "resource not found", Gemini CLI an internal error whose details say it.
  classify(error, { resume }) {
    if (!(error instanceof RequestError)) return 'other'
    if (error.code === resourceNotFound) return 'stale'
    const details = JSON.stringify(error.data ?? '')
    const isGone = details.includes(`Invalid session identifier \\"${resume}\\"`) || details.includes(noSessions)
    return isGone ? 'stale' : 'other'
  },
  pieceOf: ({ update }) =>
    update?.sessionUpdate === 'agent_message_chunk' && update.content.type === 'text' ? update.content.text : undefined,
  failureOf: ({ failure, stopReason }) => failure ?? stopReason,
}

const outputs: ReadonlySet<string> = new Set(['agent_message_chunk', 'agent_thought_chunk', 'tool_call'])
const resourceNotFound = -32002
const noSessions = 'No previous sessions found for this project.'

/** How an agent is started. */
export interface AcpAgent {
  /** Such as `claude-agent-acp`, `codex-acp`, or `gemini` with `args: ['--acp']`. */
  readonly command: string
  readonly args?: readonly string[]
  /** The agent's folder, an absolute path. Its own tools reach it whatever ACP says, so give it nothing of your server's. */
  readonly cwd: string
  /** All of the environment that the agent gets. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What `authenticate` is called with, for an agent that keeps sessions only after it, as Gemini CLI. */
  readonly authMethodId?: string
}

/** The `run` of `runTurn` for one message: a process per turn, which ends with it. */
export function runAcp(agent: AcpAgent, message: string): TurnOptions<AcpMessage>['run'] {
  return async function* ({ resume, signal, context, onStderr }) {
    const updates = createQueue()
    const app = client({ name: 'my-app' })
      .onNotification(methods.client.session.update, ({ params }) => updates.add(params))
      // Nobody is there to ask: what needs a permission is not done.
      .onRequest(methods.client.session.requestPermission, ({ params }) => {
        const no = params.options.find(({ kind }) => kind === 'reject_once')
        return { outcome: no ? { outcome: 'selected', optionId: no.optionId } : { outcome: 'cancelled' } }
      })
    const { command, args = [], cwd, env } = agent
    const child = spawn(command, args, { cwd, env, stdio: 'pipe' })
    const hasEnded = once(child, 'close').catch(() => {}) // a command that is not there ends here, too
    child.stderr.on('data', (text) => onStderr(String(text)))
    // The same class under two names: Node's types and the DOM's.
    const output = Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>
    const connection = app.connect(ndJsonStream(Writable.toWeb(child.stdin), output))
    child.on('error', (error) => connection.close(error))
    const kill = () => child.kill('SIGKILL')
    let sessionId: string | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const onAbort = () => {
      if (sessionId === undefined) return void kill()
      timer = setTimeout(kill, 3_000)
      connection.agent.notify(methods.agent.session.cancel, { sessionId }).catch(kill)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      signal.throwIfAborted()
      const opened = await openSession(connection.agent, agent, resume)
      sessionId = opened
      yield { sessionId: opened }
      signal.throwIfAborted()
      updates.clear() // `session/load` repeats what was said before
      const prompt: ContentBlock[] = []
      for (const text of [context, message]) if (text !== undefined) prompt.push({ type: 'text', text })
      connection.agent.request(methods.agent.session.prompt, { sessionId, prompt }).then(
        ({ stopReason }) => updates.add({ sessionId: opened, stopReason }),
        (failure: unknown) => updates.add({ sessionId: opened, failure }),
      )
      yield* updates.read(opened)
    } finally {
      signal.removeEventListener('abort', onAbort)
      clearTimeout(timer)
      connection.close()
      child.kill()
      timer = setTimeout(kill, 2_000)
      await hasEnded // the next turn finds no agent that still writes
      clearTimeout(timer)
    }
  }
}

/** The session that was asked for, or a new one; an agent that can do neither `resume` nor `load` always gives a new one. */
async function openSession(agent: ClientContext, { cwd, authMethodId }: AcpAgent, sessionId: AgentRequest['resume']) {
  const { agentCapabilities } = await agent.request(methods.agent.initialize, { protocolVersion: PROTOCOL_VERSION })
  if (authMethodId !== undefined) await agent.request(methods.agent.authenticate, { methodId: authMethodId })
  const method = sessionId === undefined ? undefined : methodToOpen(agentCapabilities)
  if (sessionId === undefined || method === undefined)
    return (await agent.request(methods.agent.session.new, { cwd, mcpServers: [] })).sessionId
  await agent.request(method, { sessionId, cwd, mcpServers: [] })
  return sessionId
}

/** `session/resume` does not repeat what was said before, so it is preferred. */
function methodToOpen(capabilities: AgentCapabilities | undefined) {
  if (capabilities?.sessionCapabilities?.resume) return methods.agent.session.resume
  return capabilities?.loadSession ? methods.agent.session.load : undefined
}

/** What the agent said and was not read yet. */
function createQueue() {
  const queue: AcpMessage[] = []
  let wake = () => {}
  return {
    add(message: AcpMessage): void {
      queue.push(message)
      wake()
    },
    clear(): void {
      queue.length = 0
    },
    /** To the end of the turn. */
    async *read(sessionId: string): AsyncGenerator<AcpMessage> {
      for (;;) {
        const next = queue.shift()
        if (next === undefined)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        else if (next.sessionId === sessionId) {
          yield next
          if (next.stopReason !== undefined || 'failure' in next) return
        }
      }
    },
  }
}

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ClaudeMessage, claudeDriverFor, claudeEnv } from '../../src/agents/claude/index.js'
import { memoryAgentSessions, runTurn, type TurnEvent, tabKey } from '../../src/server/index.js'
import { fakeMessagesApi } from './fake-messages-api.js'

/** The SDK's `query`, of whichever version. */
export type Query = (request: {
  readonly prompt: string | AsyncIterable<unknown>
  readonly options: Readonly<Record<string, unknown>>
}) => AsyncIterable<ClaudeMessage>

const workspace = 'demo.alive.best'
const key = tabKey({ userId: 'u1', workspace, tabId: 't1' })

/** One conversation with a real SDK, whose transcripts are looked after. It finds nothing of this machine but its own files. */
export async function conversation(query: Query) {
  const home = await mkdtemp(join(tmpdir(), 'leftoff-claude-'))
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 3 }))
  let inTurn: () => unknown = () => {}
  const api = await fakeMessagesApi(() => inTurn())
  onTestFinished(() => api.close())
  const root = join(home, 'sessions')
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    ...claudeEnv({ root, workspace }),
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: 'no key is needed here',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
  }
  const sessions = memoryAgentSessions()
  const errors: unknown[] = []
  const driver = claudeDriverFor({ root, workspace })
  let checks: Promise<unknown>[] = []

  /** One turn in the working folder `cwd`. */
  async function say(
    message: string | AsyncIterable<unknown>,
    { cwd = home, meanwhile = () => {} }: { readonly cwd?: string; readonly meanwhile?: () => unknown } = {},
  ): Promise<TurnEvent<ClaudeMessage>[]> {
    inTurn = meanwhile
    const turn = await runTurn({
      sessions,
      key,
      agent: { ...driver, createWatch },
      hasHistory: false,
      onError: (error) => errors.push(error),
      run({ resume, signal, onStderr: stderr }) {
        const abortController = new AbortController()
        signal.addEventListener('abort', () => abortController.abort(), { once: true })
        const options = { cwd, env, tools: [], settingSources: [], ...(resume && { resume }), abortController, stderr }
        return query({ prompt: message, options })
      },
    })
    if (!turn.ok) throw new Error('busy')
    const events: TurnEvent<ClaudeMessage>[] = []
    for await (const event of turn.events) events.push(event)
    return events
  }

  function createWatch(resume: string | undefined) {
    const watch = driver.createWatch?.(resume)
    if (!watch) throw new Error('no watch')
    const afterDone = () => {
      const check = watch.afterDone()
      checks.push(check)
      return check
    }
    return { note: watch.note, afterDone }
  }

  return {
    home,
    api,
    of: { root, workspace },
    sessionId: async () => (await sessions.get(key)) ?? '',
    say,
    /** What was reported since the last time. */
    async reported(): Promise<unknown[]> {
      await Promise.allSettled(checks)
      checks = []
      return errors.splice(0)
    },
    async transcriptPath(): Promise<string> {
      const id = await sessions.get(key)
      const projects = join(root, workspace, '.claude', 'projects')
      const file = (await readdir(projects, { recursive: true })).find((name) => name.endsWith(`${id}.jsonl`))
      if (!file) throw new Error('no transcript')
      return join(projects, file)
    },
  }
}

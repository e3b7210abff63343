import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, it, onTestFinished } from 'vitest'
import { claudeDriver } from '../../src/agents/claude/index.js'
import { memoryAgentSessions, type RecoveryReport, runTurn, type TurnEvent, tabKey } from '../../src/server/index.js'
import { fakeMessagesApi } from './fake-messages-api.js'

const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })

/** One conversation with the real SDK, which finds nothing of this machine but its own files. */
async function setUp() {
  const home = await mkdtemp(join(tmpdir(), 'leftoff-claude-'))
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 3 }))
  const api = await fakeMessagesApi()
  onTestFinished(() => api.close())
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: 'no key is needed here',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
  }
  const sessions = memoryAgentSessions()
  const asked: (string | undefined)[] = []
  const reports: RecoveryReport[] = []

  async function say(message: string): Promise<TurnEvent<SDKMessage>[]> {
    const turn = await runTurn({
      sessions,
      key,
      agent: claudeDriver,
      hasHistory: asked.length > 0,
      onRecovery: (report) => reports.push(report),
      run({ resume, signal, onStderr: stderr }) {
        asked.push(resume)
        const abortController = new AbortController()
        signal.addEventListener('abort', () => abortController.abort(), { once: true })
        const options = { cwd: home, env, tools: [], settingSources: [], includePartialMessages: true }
        return query({ prompt: message, options: { ...options, ...(resume && { resume }), abortController, stderr } })
      },
    })
    if (!turn.ok) throw new Error('busy')
    const events: TurnEvent<SDKMessage>[] = []
    for await (const event of turn.events) events.push(event)
    return events
  }

  async function deleteTranscripts(): Promise<number> {
    const files = await readdir(join(home, '.claude', 'projects'), { recursive: true })
    const transcripts = files.filter((file) => file.endsWith('.jsonl'))
    for (const file of transcripts) await rm(join(home, '.claude', 'projects', file))
    return transcripts.length
  }

  return { api, sessions, asked, reports, say, deleteTranscripts }
}

const types = (events: readonly TurnEvent<SDKMessage>[]) => [...new Set(events.map(({ type }) => type))]

/** Each piece of text as it streamed in, then each whole answer. */
function textsOf(events: readonly TurnEvent<SDKMessage>[]): string[] {
  const messages = events.flatMap((event) => (event.type === 'message' ? [event.message] : []))
  const pieces = messages.flatMap((message) =>
    message.type === 'stream_event' &&
    message.event.type === 'content_block_delta' &&
    message.event.delta.type === 'text_delta'
      ? [message.event.delta.text]
      : [],
  )
  const answers = messages.flatMap((message) => claudeDriver.textOf?.(message) ?? [])
  return [...pieces, ...answers]
}

it('shares context between turns, and answers afresh, once and with a report, when the transcript is gone', async () => {
  const { api, sessions, asked, reports, say, deleteTranscripts } = await setUp()

  const first = await say('my name is Ada')
  expect(types(first)).toEqual(['started', 'message', 'done'])
  expect(first[0]).toEqual({ type: 'started', resumed: false })
  expect(textsOf(first)).toEqual(['Ans', 'wer 1', 'Answer 1'])
  expect(first.at(-1)).toMatchObject({
    preview: 'Answer 1',
    usage: { input: 10, output: 5, cacheRead: 7, cacheWrite: 3 },
  })
  const id = await sessions.get(key)
  expect(id).toMatch(/^[0-9a-f-]{36}$/)

  const second = await say('what is my name?')
  expect(second[0]).toEqual({ type: 'started', resumed: true })
  expect(textsOf(second)).toEqual(['Ans', 'wer 2', 'Answer 2'])
  expect(await sessions.get(key)).toBe(id)
  for (const said of ['my name is Ada', 'Answer 1', 'what is my name?']) expect(api.seen[1]).toContain(said)

  expect(await deleteTranscripts()).toBe(1)
  const third = await say('and now?')
  expect(third.slice(0, 2)).toEqual([
    { type: 'recovered', reason: 'stale', contextLost: true },
    { type: 'started', resumed: false },
  ])
  expect(types(third)).toEqual(['recovered', 'started', 'message', 'done'])
  expect(textsOf(third)).toEqual(['Ans', 'wer 3', 'Answer 3'])
  expect(asked).toEqual([undefined, id, id, undefined]) // one start more than turns
  expect(api.seen).toHaveLength(3)
  expect(api.seen[2]).not.toContain('Ada')
  expect(reports).toEqual([{ attempted: 'fresh', reason: 'stale', outcome: 'recovered' }])
  const fresh = await sessions.get(key)
  expect(fresh).toMatch(/^[0-9a-f-]{36}$/)
  expect(fresh).not.toBe(id)

  const fourth = await say('still there?')
  expect(fourth[0]).toEqual({ type: 'started', resumed: true })
  expect(api.seen[3]).toContain('and now?')
}, 120_000)

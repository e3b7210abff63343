import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { describe, expect, it, onTestFinished } from 'vitest'
import { claudeDriver } from '../../src/agents/claude/index.js'
import { isLeftoffError, memoryAgentSessions, runTurn, type TurnEvent, tabKey } from '../../src/server/index.js'
import { refusingMessagesApi } from './refusing-messages-api.js'

// What the real SDK does with a session that changes, breaks or cannot be read, and what a turn makes of it.

const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })
const timeout = 120_000

interface Said {
  readonly events: readonly TurnEvent<SDKMessage>[]
  readonly error?: unknown
}

async function setUp() {
  const home = await mkdtemp(join(tmpdir(), 'leftoff-claude-'))
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 3 }))
  const api = await refusingMessagesApi()
  onTestFinished(() => api.close())
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: 'no key is needed here',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
    DISABLE_TELEMETRY: '1',
  }
  const sessions = memoryAgentSessions()
  let hasHistory = false

  async function begin(message: string) {
    const turn = await runTurn<SDKMessage>({
      sessions,
      key,
      agent: claudeDriver,
      hasHistory,
      run({ resume, signal, onStderr: stderr }) {
        const abortController = new AbortController()
        signal.addEventListener('abort', () => abortController.abort(), { once: true })
        const options = { cwd: home, env, tools: [], settingSources: [], includePartialMessages: true }
        return query({ prompt: message, options: { ...options, ...(resume && { resume }), abortController, stderr } })
      },
    })
    if (!turn.ok) throw new Error('busy')
    hasHistory = true
    return turn
  }

  async function say(message: string): Promise<Said> {
    const events: TurnEvent<SDKMessage>[] = []
    try {
      for await (const event of (await begin(message)).events) events.push(event)
      return { events }
    } catch (error) {
      return { events, error }
    }
  }

  /** The files of the SDK's transcripts. */
  async function transcripts(): Promise<readonly string[]> {
    const folder = join(home, '.claude', 'projects')
    const files = await readdir(folder, { recursive: true })
    return files.filter((file) => file.endsWith('.jsonl')).map((file) => join(folder, file))
  }

  return { api, sessions, begin, say, transcripts }
}

const signs = ({ events }: Said) => events.filter(({ type }) => type !== 'message')
const done = { type: 'done' }

describe('with the real SDK', () => {
  it('"/clear" typed into the chat is reported as a session that changed, and the next message continues the new one', {
    timeout,
  }, async () => {
    const { api, sessions, say } = await setUp()
    await say('my name is Ada')
    const before = await sessions.get(key)
    const cleared = await say('/clear')
    expect(signs(cleared)).toContainEqual({ type: 'recovered', reason: 'changed', contextLost: true })
    expect(cleared.error).toBeUndefined()
    const after = await sessions.get(key)
    expect(after).toBeDefined()
    expect(after).not.toBe(before)
    const next = await say('what is my name?')
    expect(next.error).toBeUndefined()
    expect(signs(next).at(-1)).toMatchObject(done)
    expect(api.seen.at(-1)).not.toContain('Ada')
  })

  it('a first answer that is killed leaves a conversation in which the next message works', { timeout }, async () => {
    const { api, say, begin } = await setUp()
    api.fallSilent()
    const turn = await begin('my name is Ada')
    const asked = api.asked()
    const read = (async () => {
      const events: TurnEvent<SDKMessage>[] = []
      for await (const event of turn.events) events.push(event)
      return events
    })()
    await asked
    await turn.stop()
    expect((await read).at(-1)).toEqual({ type: 'stopped' })
    api.answerAgain()
    const next = await say('what is my name?')
    expect(next.error).toBeUndefined()
    expect(signs(next).at(-1)).toMatchObject(done)
  })

  it('a transcript that is a directory is forgotten and reported, and the next message works', {
    timeout,
  }, async () => {
    const { sessions, say, transcripts } = await setUp()
    await say('my name is Ada')
    for (const file of await transcripts()) {
      await rm(file)
      await mkdir(file)
    }
    const broken = await say('what is my name?')
    expect(signs(broken)).toEqual([{ type: 'recovered', reason: 'unusable', contextLost: true }])
    expect(broken.error).toMatchObject({ code: 'turn-failed' })
    expect(await sessions.get(key)).toBeUndefined()
    const next = await say('and now?')
    expect(signs(next).slice(0, 2)).toEqual([
      { type: 'recovered', reason: 'unknown', contextLost: true },
      { type: 'started', resumed: false },
    ])
    expect(signs(next).at(-1)).toMatchObject(done)
  })

  it.each([
    'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_01. Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
    'messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
    'messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.',
    'messages.1.content.0: Invalid `signature` in `thinking` block',
    'messages.1.content.0.text: cache_control cannot be set for empty text blocks',
  ])(
    'stored messages that the API refuses are forgotten, told, and the next message works: %s',
    { timeout },
    async (message) => {
      const { api, sessions, say } = await setUp()
      await say('my name is Ada')
      api.refuse({ status: 400, type: 'invalid_request_error', message })
      const broken = await say('what is my name?')
      expect(signs(broken).at(-1)).toEqual({ type: 'recovered', reason: 'unusable', contextLost: true })
      expect(broken.error).toMatchObject({ code: 'turn-failed' })
      expect(await sessions.get(key)).toBeUndefined()
      api.refuse(undefined)
      expect(signs(await say('and now?')).at(-1)).toMatchObject(done)
    },
  )

  it.each([
    [
      'a credit that ran out',
      400,
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    ],
    ['a model that does not exist', 404, 'not_found_error', 'model: claude-nope'],
    ['a rate limit', 429, 'rate_limit_error', 'This request would exceed your rate limit.'],
  ])(
    '%s keeps the session, and once it is mended the agent knows everything',
    { timeout },
    async (_, status, type, message) => {
      const { api, sessions, say } = await setUp()
      await say('my name is Ada')
      const id = await sessions.get(key)
      api.refuse({ status, type, message })
      const { events, error } = await say('what is my name?')
      expect(events.filter((event) => event.type === 'recovered')).toEqual([])
      expect(isLeftoffError(error, 'turn-failed') && error.canStartFresh).toBe(true)
      expect(await sessions.get(key)).toBe(id)
      api.refuse(undefined)
      const next = await say('what is my name?')
      expect(next.events[0]).toEqual({ type: 'started', resumed: true })
      expect(api.seen.at(-1)).toContain('my name is Ada')
    },
  )
})

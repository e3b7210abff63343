import { describe, expect, it } from 'vitest'
import { type ClaudeMessage, claudeDriver } from '../../src/agents/claude/index.js'
import type { ResumeAttempt } from '../../src/core/agent-driver.js'
import { runTurn, type TurnEvent } from '../../src/server/index.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { readAll } from '../server/scripted-agent.js'
import { key } from '../server/turn-setup.js'

// Shapes recorded from real runs of the SDK, re-typed by hand.

const id = '0f0e2c9a-6c1f-4b5e-9a35-1f6f0f3d7a11'
const other = '7b7c1d52-93d5-4d0c-8f7e-2f0a55c0d9b4'
const staleText = `No conversation found with session ID: ${id}`
const exited = new Error('Claude Code process exited with code 1')

type Loose = ClaudeMessage & Readonly<Record<string, unknown>>

function errorResult(text: string, fields: object = {}): Loose {
  return {
    type: 'result',
    subtype: 'error_during_execution',
    is_error: true,
    num_turns: 0,
    duration_ms: 0,
    duration_api_ms: 0,
    total_cost_usd: 0,
    usage: { input_tokens: 0, output_tokens: 0 },
    modelUsage: {},
    errors: [text],
    session_id: other,
    ...fields,
  }
}

function quoted(text: string): Error {
  return Object.assign(new Error(`Claude Code returned an error result: ${text}`), { errorClass: 'error_result' })
}

const init: Loose = { type: 'system', subtype: 'init', session_id: other }
const assistant = (text: string, fields: object = {}): Loose => ({
  type: 'assistant',
  parent_tool_use_id: null,
  session_id: other,
  message: { id: 'msg_1', model: 'claude', role: 'assistant', content: [{ type: 'text', text }] },
  ...fields,
})
const success: Loose = {
  type: 'result',
  subtype: 'success',
  is_error: false,
  num_turns: 1,
  result: 'Hi',
  session_id: other,
  usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 7, cache_creation_input_tokens: 3 },
}
const streamed = (event: object, fields: object = {}): Loose => ({
  type: 'stream_event',
  parent_tool_use_id: null,
  session_id: other,
  event,
  ...fields,
})
const start = streamed({ type: 'message_start', message: { id: 'msg_1' } })
const delta = streamed({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'H' } })
const blockStop = streamed({ type: 'content_block_stop' })
const messageStop = streamed({ type: 'message_stop' })
const retry: Loose = { type: 'system', subtype: 'api_retry', attempt: 1, session_id: other }

const classify = (given: unknown, attempt: Partial<ResumeAttempt> = {}) =>
  claudeDriver.classify(given, { resume: id, stderr: [], ...attempt })

/** Each version's way of saying that it does not know the session: what it yields, then throws, then has on stderr. */
const versions: [string, { yields: readonly Loose[]; throws: Error; stderr: readonly string[] }][] = [
  [
    '0.1.0',
    {
      yields: [],
      throws: exited,
      stderr: ['Spawning Claude Code process: node cli.js --resume', staleText, staleText],
    },
  ],
  ['0.1.77', { yields: [], throws: exited, stderr: [`${staleText}\n`] }],
  ['0.2.50', { yields: [errorResult(staleText)], throws: exited, stderr: [] }],
  [
    '0.2.113',
    { yields: [errorResult(staleText)], throws: new Error(quoted(staleText).message), stderr: [`${staleText}\n`] },
  ],
  [
    '0.3.200',
    {
      yields: [errorResult(staleText, { session_id: id })],
      throws: new Error(quoted(staleText).message),
      stderr: [`${staleText}\n`],
    },
  ],
  [
    '0.3.330',
    { yields: [errorResult(staleText, { session_id: id })], throws: quoted(staleText), stderr: [`${staleText}\n`] },
  ],
]

describe('claudeDriver', () => {
  it.each(versions)('hears from version %s that a session is gone', (_, { yields: [result], throws, stderr }) => {
    expect(classify(result ?? throws, { stderr })).toBe('stale')
  })

  it.each(versions)(
    'lets a turn with version %s recover with each message said once',
    async (_, { yields, throws, stderr }) => {
      const sessions = memoryAgentSessions()
      await sessions.set(key, id)
      const turn = await runTurn({
        sessions,
        key,
        agent: claudeDriver,
        async *run({ resume, onStderr }) {
          if (resume === undefined) return yield* [init, assistant('Hi'), success]
          stderr.forEach(onStderr)
          yield* yields
          throw throws
        },
        hasHistory: true,
      })
      const seen = turn.ok ? await readAll<ClaudeMessage>(turn.events) : undefined
      expect(seen).toEqual({
        events: [
          { type: 'recovered', reason: 'stale', contextLost: true },
          { type: 'started', resumed: false },
          { type: 'message', message: init },
          { type: 'message', message: assistant('Hi') },
          { type: 'message', message: success },
          { type: 'done', usage: { input: 10, output: 5, cacheRead: 7, cacheWrite: 3 }, preview: 'Hi' },
        ] satisfies TurnEvent<ClaudeMessage>[],
      })
      expect(await sessions.get(key)).toBe(other)
    },
  )

  it('hears it from the thrown error alone, and from stderr cut anywhere', () => {
    expect(classify(quoted(staleText))).toBe('stale')
    expect(classify(exited, { stderr: [staleText.slice(0, 20), staleText.slice(20)] })).toBe('stale')
    expect(classify(exited, { stderr: ['debug\nmore', `\n${staleText}\r\nbye`] })).toBe('stale')
    expect(classify(new Error(`${exited.message}. stderr: ${staleText}`))).toBe('stale')
  })

  it.each([
    ['the text about another session', errorResult(staleText.replace(id, other))],
    ['the text with more around it', errorResult(`Error: ${staleText}`)],
    ['an API that answers with the text', quoted(`API Error: 400 ${staleText}`)],
    [
      'an API error result',
      { ...success, is_error: true, api_error_status: 400, result: `API Error: 400 ${staleText}` },
    ],
    ['an error result after the model was asked', errorResult(staleText, { num_turns: 1 })],
    ['a result that is no error', errorResult(staleText, { is_error: false })],
    ['an error result of another kind', errorResult(staleText, { subtype: 'error_max_turns' })],
    ['the model saying so', assistant(staleText)],
    ['a process that exited for an unknown reason', exited],
    ['a process that was killed', new Error('Claude Code process terminated by signal SIGKILL')],
    ['some other error with the text', new Error(staleText)],
    ['an abort', new Error('Operation aborted')],
    ['a store that rejects', new Error('db down')],
    ['nothing', undefined],
  ])('does not take %s for a lost session', (_, given) => {
    expect(classify(given)).toBe('other')
  })

  it('does not believe stderr when the error is no exit of the process', () => {
    expect(classify(new Error('db down'), { stderr: [staleText] })).toBe('other')
  })

  it.each([
    ['a session store that hangs', new Error(`SessionStore.load() timed out after 300ms for session ${id}`)],
    ['a rate limit', errorResult('API Error: 429', { api_error_status: 429 })],
    ['an overloaded API', errorResult('API Error: 529', { api_error_status: 529 })],
  ])('takes %s as transient', (_, given) => {
    expect(classify(given)).toBe('transient')
  })

  it('hears that a resume point is gone, only if it is the one asked for', () => {
    const text = `No message found with message.uuid of: ${other}`
    expect(classify(errorResult(text), { resumeAt: other })).toBe('stale-point')
    expect(classify(quoted(text), { resumeAt: other })).toBe('stale-point')
    expect(classify(errorResult(text), { resumeAt: id })).toBe('other')
    expect(classify(errorResult(text))).toBe('other')
  })

  it('hears that an id has not the form of one', () => {
    const usage = 'Error: --resume requires a valid session ID'
    const newer = `${usage} or session title when used with --print. Usage: claude -p --resume <session-id|title>. Provided value "x" is not a UUID and does not match any session title.`
    const older = `${usage} when used with --print. Usage: claude -p --resume <session-id>. Session IDs must be in UUID format (e.g., ...). Provided value "x" is not a valid UUID`
    expect(classify(errorResult(newer), { resume: 'x' })).toBe('invalid')
    expect(classify(quoted(newer), { resume: 'x' })).toBe('invalid')
    expect(classify(exited, { resume: 'x', stderr: [`${older}\n`] })).toBe('invalid')
    expect(classify(errorResult(newer), { resume: 'y' })).toBe('other')
  })

  it('takes only a UUID as a session id, for the SDK also resumes by title', () => {
    expect(claudeDriver.isSessionId?.(id)).toBe(true)
    expect(claudeDriver.isSessionId?.(id.toUpperCase())).toBe(true)
    for (const title of ['', 'My chat', `${id}x`, `${id}\n`, `x${id}`])
      expect(claudeDriver.isSessionId?.(title)).toBe(false)
  })

  it('knows output, success and failure', () => {
    expect([init, assistant('Hi'), delta, success].map(claudeDriver.kindOf)).toEqual([
      'other',
      'output',
      'output',
      'success',
    ])
    expect(claudeDriver.kindOf({ ...success, is_error: true } as Loose)).toBe('failure')
    expect(claudeDriver.kindOf(errorResult(staleText))).toBe('failure')
  })

  it('counts the tokens of the result and previews the agent’s own text, not a subagent’s', () => {
    expect(claudeDriver.usageOf?.(success)).toEqual({ input: 10, output: 5, cacheRead: 7, cacheWrite: 3 })
    expect(claudeDriver.usageOf?.(init)).toBeUndefined()
    expect(claudeDriver.textOf?.(assistant('Hi'))).toBe('Hi')
    expect(claudeDriver.textOf?.(assistant('Hi', { parent_tool_use_id: 'tool_1' }))).toBeUndefined()
  })
})

describe('a stream that the API breaks', () => {
  const kinds = (...messages: Loose[]) => messages.map(claudeDriver.createKindOf?.() ?? (() => 'other'))
  const discards = (...messages: Loose[]) => kinds(...messages).filter((kind) => kind === 'discard').length

  it('is discarded once when the SDK announces the retry', () => {
    expect(kinds(start, delta, blockStop, messageStop, retry, start, delta, assistant('Hi'))).toEqual([
      'other',
      'output',
      'other',
      'other',
      'discard',
      'other',
      'output',
      'output',
    ])
  })

  it('is discarded at the second start when the SDK announces nothing', () => {
    expect(discards(start, delta, blockStop, messageStop, start, delta, assistant('Hi'))).toBe(1)
  })

  it('is not seen in two messages that follow each other', () => {
    expect(discards(start, delta, assistant('Hi'), blockStop, messageStop, start, delta, assistant('there'))).toBe(0)
  })

  it('is not seen in a subagent’s messages between', () => {
    const sub = { parent_tool_use_id: 'tool_1' }
    expect(
      discards(start, delta, { ...start, ...sub }, { ...delta, ...sub }, { ...start, ...sub }, assistant('Hi')),
    ).toBe(0)
    expect(discards(start, delta, assistant('sub', sub), start)).toBe(1)
  })

  it('is remembered per run', () => {
    kinds(start, delta)
    expect(discards(start)).toBe(0)
  })
})

it('a turn’s events carry the SDK’s own message type, although the driver knows only a part of it', async () => {
  interface FullMessage extends ClaudeMessage {
    readonly type: 'assistant'
    readonly uuid: string
  }
  async function* run(): AsyncGenerator<FullMessage> {
    yield { type: 'assistant', session_id: id, uuid: 'u' }
  }
  const turn = await runTurn({ sessions: memoryAgentSessions(), key, agent: claudeDriver, run, hasHistory: false })
  if (!turn.ok) throw new Error('busy')
  for await (const event of turn.events) {
    if (event.type !== 'message') continue
    const { uuid }: { uuid: string } = event.message
    expect(uuid).toBe('u')
    break
  }
})

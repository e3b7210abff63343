import type { Random } from './random.js'

/** A record as the SDK's process writes it. */
export type Written = Readonly<Record<string, unknown>> & { readonly type: string }

/** A session as one version of the SDK writes it: the main file, and those of subagents. */
export interface WrittenSession {
  readonly records: Written[]
  /** By agent id. */
  readonly subagents: Map<string, Written[]>
  /** What is in it that a reader may stumble over. */
  readonly has: Set<Feature>
}

/** What a session may hold without being damaged. */
export const features = [
  'progress',
  'system',
  'sidechain',
  'summary',
  'compaction',
  'kept segment',
  'kept messages',
  'lost logical parent',
  'subagent file',
  'usage repeated',
  'parallel tools',
  'two turns at once',
  'queued prompt',
  'interruption',
  'synthetic answer',
  'command',
  'task notification',
] as const
export type Feature = (typeof features)[number]

/** SDK 0.1 writes summaries and subagents into the main file, 0.2 files of subagents, 0.3 a running total and where prompts come from. */
const versions = ['0.1', '0.2', '0.3'] as const

export function writeSession(random: Random, sessionId: string): WrittenSession {
  const version = random.pick(versions)
  const records: Written[] = []
  const subagents = new Map<string, Written[]>()
  const has = new Set<Feature>()
  let tail: string | null = null
  let time = 1_760_000_000_000 + random.below(1_000_000)
  let answers = 0

  if (version === '0.1' && random.chance(0.2)) {
    has.add('summary')
    records.push({ type: 'summary', summary: 'Talked about something', leafUuid: random.uuid() })
  }
  if (version === '0.3') records.push({ type: 'queue-operation', operation: 'enqueue', timestamp: stamp(), sessionId })
  const turns = 1 + random.below(5)
  for (let turn = 0; turn < turns; turn++) {
    if (turn > 0 && random.chance(0.2)) compact()
    if (random.chance(0.12)) note()
    writeTurn(turn)
  }
  if (version === '0.1' && random.chance(0.1)) {
    has.add('summary')
    records.push({ type: 'summary', summary: 'The end', leafUuid: tail })
  }
  if (version === '0.3' && random.chance(0.3)) {
    const modelUsage = {
      'claude-x': { inputTokens: 900 + random.below(99), outputTokens: 900, cacheReadInputTokens: 3 },
    }
    records.push({ type: 'cost-state', sessionId, modelUsage })
  }
  return { records, subagents, has }

  function writeTurn(turn: number): void {
    const before = tail
    say(`question ${turn} ${word()}`)
    if (random.chance(0.07)) {
      // The same conversation in two processes: both hang on the same message, and only one goes on.
      has.add('two turns at once')
      answer([text(`first answer ${word()}`)])
      say(`sent at the same time ${word()}`, before)
    }
    if (random.chance(0.4)) useTools()
    if (random.chance(0.1)) {
      interrupt()
      return
    }
    if (random.chance(0.1)) {
      has.add('synthetic answer')
      const said = random.pick(['No response requested.', 'API Error: 529 {"type":"overloaded_error"}'])
      add('assistant', {
        message: message('assistant', [text(said)], { model: '<synthetic>' }),
        isApiErrorMessage: true,
      })
      return
    }
    answer(random.chance(0.3) ? [text('Well. '), text(`answer ${turn} ${word()}`)] : [text(`answer ${turn} ${word()}`)])
    if (random.chance(0.2)) {
      has.add('system')
      add('system', { subtype: random.pick(['turn_duration', 'stop_hook_summary']), isMeta: random.chance(0.5) })
    }
  }

  /** A prompt of the user's; `parent` if it hangs elsewhere than at the end. */
  function say(prompt: string, parent = tail): string {
    const content = random.chance(0.5) ? prompt : [text(prompt)]
    tail = parent
    const more = version === '0.3' ? { promptId: random.uuid(), promptSource: 'sdk' } : {}
    return add('user', { message: { role: 'user', content }, ...more })
  }

  /** An answer of the model's, a record for each block, each with the usage. */
  function answer(blocks: readonly object[], id = `msg_${sessionId.slice(0, 8)}_${answers++}`): string[] {
    if (blocks.length > 1) has.add('usage repeated')
    return blocks.map((block, index) =>
      add('assistant', {
        message: message('assistant', [block], { id, usage: usage(index + 1 === blocks.length ? 40 : 1) }),
        requestId: `req_${id}`,
        ...(version === '0.3' && { apiBlockIndex: index }),
      }),
    )
  }

  function useTools(): void {
    const count = 1 + random.below(3)
    const calls = Array.from({ length: count }, () => `toolu_${random.uuid().slice(0, 8)}`)
    const opening = random.chance(0.5) ? [text(`Let me look at ${word()}. `)] : [{ type: 'thinking', thinking: 'Hm.' }]
    const uses = calls.map((id) => ({ type: 'tool_use', id, name: 'Bash', input: { command: 'ls' } }))
    // Models also talk between two calls of one answer.
    const between = random.chance(0.15) ? [text(`And then ${word()}. `)] : []
    const blocks = [...opening, ...uses.slice(0, 1), ...between, ...uses.slice(1)]
    const uuids = answer(blocks)
    const callers = calls.map((_, call) => uuids[call === 0 ? 1 : 1 + between.length + call] ?? null)
    if (count > 1) has.add('parallel tools')
    if (random.chance(0.3)) progress(callers[0] ?? null)
    if (random.chance(0.25)) runSubagent()
    // Each result hangs on the call it answers, in the order in which the tools end: a tree, whose last branch goes on.
    const order = calls.map((_, call) => call)
    if (random.chance(0.5)) order.reverse()
    for (const call of order) {
      const isFailed = random.chance(0.1)
      tail = callers[call] ?? tail
      const block = { type: 'tool_result', tool_use_id: calls[call], content: 'a file', is_error: isFailed }
      const words = random.chance(0.1) ? [text(`seen on the way ${word()}`)] : []
      add('user', {
        message: { role: 'user', content: [block, ...words] },
        toolUseResult: 'a file',
        ...(version !== '0.1' && { sourceToolAssistantUUID: callers[call] }),
      })
    }
    if (version !== '0.1' && random.chance(0.25)) queue()
    if (random.chance(0.2)) attach()
  }

  /** A prompt that comes while the agent is busy. */
  function queue(): void {
    has.add('queued prompt')
    const source = random.uuid()
    const prompt = `by the way ${word()}`
    const ids = {
      ...(random.chance(0.7) && { source_uuid: source }),
      ...(random.chance(0.3) && { delivery_id: source }),
    }
    const attachment = { type: 'queued_command', prompt: random.chance(0.5) ? prompt : [text(prompt)], ...ids }
    const isTask = random.chance(0.15)
    add('attachment', { attachment: { ...attachment, ...(isTask && { commandMode: 'task-notification' }) } })
    if (random.chance(0.4)) {
      const delivered = 'delivery_id' in ids ? { deliveryId: source } : { commandUuid: source }
      const operation = { type: 'queue-operation', operation: 'remove', reason: 'absorbed_mid_turn', ...delivered }
      records.push({ ...operation, sessionId, timestamp: stamp() })
    }
  }

  function attach(): void {
    add('attachment', { attachment: { type: random.pick(['date', 'environment', 'fork_briefing']) } })
  }

  function progress(parent: string | null): void {
    has.add('progress')
    const end = tail
    tail = parent
    add('progress', { data: { type: 'hook_progress' }, toolUseID: 'toolu_1' })
    // Of some versions the conversation goes on behind it, of others beside it.
    if (random.chance(0.7)) tail = end
  }

  function runSubagent(): void {
    const agentId = random.uuid().slice(0, 8)
    const id = `msg_agent_${agentId}`
    const side = { isSidechain: true, agentId, sessionId }
    const task = { ...side, type: 'user', uuid: random.uuid(), parentUuid: null, timestamp: stamp() }
    const found = { ...side, type: 'assistant', uuid: random.uuid(), parentUuid: task.uuid, timestamp: stamp() }
    const said: Written[] = [
      { ...task, message: { role: 'user', content: 'Search' } },
      { ...found, message: message('assistant', [text('Found')], { id, usage: usage(9) }) },
    ]
    if (version === '0.1') {
      has.add('sidechain')
      records.push(...said)
    } else {
      has.add('subagent file')
      subagents.set(agentId, said)
    }
  }

  function interrupt(): void {
    has.add('interruption')
    if (random.chance(0.5)) answer([text(`Once upon ${word()}`)])
    const said = random.pick(['[Request interrupted by user]', '[Request interrupted by user for tool use]'])
    add('user', { message: { role: 'user', content: [text(said)] } })
  }

  /** What the process notes for itself between two turns. */
  function note(): void {
    if (random.chance(0.3)) {
      has.add('task notification')
      const said = '<task-notification>\n<task-id>b1</task-id>\n</task-notification>'
      add('user', { message: { role: 'user', content: said }, origin: { kind: 'task-notification' } })
      return
    }
    has.add('command')
    const caveat = '<local-command-caveat>Caveat: The messages below …</local-command-caveat>'
    if (random.chance(0.5)) add('user', { message: { role: 'user', content: caveat }, isMeta: true })
    const name = '<command-name>/cost</command-name>'
    const first = '<command-message>cost</command-message>'
    const command = random.chance(0.5) ? `${name}\n${first}` : `${first}\n${name}\n<command-args>now</command-args>`
    add('user', { message: { role: 'user', content: command } })
    const output = '<local-command-stdout>Total: 1 $</local-command-stdout>'
    if (random.chance(0.7)) add('user', { message: { role: 'user', content: output } })
  }

  function compact(): void {
    has.add('compaction')
    const end = tail
    const chain = chainTo(end)
    const boundary = random.uuid()
    const summary = random.uuid()
    const isLost = random.chance(0.25)
    if (isLost) has.add('lost logical parent')
    const kept = chain.slice(-1 - random.below(4)).map(({ uuid }) => String(uuid))
    const way = random.pick(['plain', 'segment', 'messages'] as const)
    if (way === 'segment') has.add('kept segment')
    if (way === 'messages') has.add('kept messages')
    const preserved = {
      plain: {},
      segment: { preservedSegment: { headUuid: kept[0], anchorUuid: summary, tailUuid: kept.at(-1) } },
      messages: { preservedMessages: { anchorUuid: summary, uuids: kept } },
    }
    records.push({
      ...common('system'),
      parentUuid: null,
      logicalParentUuid: isLost ? random.uuid() : end,
      subtype: 'compact_boundary',
      isMeta: false,
      uuid: boundary,
      compactMetadata: { trigger: 'auto', preTokens: 100, ...preserved[way] },
    })
    records.push({
      ...common('user'),
      parentUuid: boundary,
      uuid: summary,
      message: { role: 'user', content: 'This session is being continued …' },
      isCompactSummary: true,
      isVisibleInTranscriptOnly: true,
    })
    tail = summary
  }

  function chainTo(uuid: string | null): Written[] {
    const byUuid = new Map(records.map((record) => [record.uuid, record]))
    const chain: Written[] = []
    for (let record = byUuid.get(uuid); record; record = byUuid.get(record.parentUuid)) chain.unshift(record)
    return chain
  }

  function add(type: string, fields: Readonly<Record<string, unknown>>): string {
    const uuid = random.uuid()
    records.push({ parentUuid: tail, ...common(type), ...fields, uuid })
    tail = uuid
    return uuid
  }

  function common(type: string) {
    const where = { userType: 'external', cwd: '/srv/demo', gitBranch: 'HEAD' }
    return { isSidechain: false, ...where, sessionId, version: '2.1.0', type, timestamp: stamp() }
  }

  function stamp(): string {
    time += random.below(3) * 500
    return new Date(time).toISOString()
  }

  function word(): string {
    return random.pick(['Ada', 'Grüße 👋', 'a  b', '{"type":"user"}', '\\n', '"uuid":"x"', 'é'.repeat(40), '.'])
  }
}

function text(said: string) {
  return { type: 'text', text: said }
}

function usage(output: number) {
  return { input_tokens: 10, output_tokens: output, cache_read_input_tokens: 5, cache_creation_input_tokens: 7 }
}

function message(role: string, content: readonly object[], more: object) {
  return { type: 'message', role, model: 'claude-x', content, ...more }
}

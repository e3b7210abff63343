import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readTranscript, summarizeTranscript } from '../../src/agents/claude/index.js'
import { preview } from '../../src/core/text.js'
import type { OlderReader } from '../agents/older-reader.js'
import { type Breakage, type BrokenFile, breakages, breakFile } from './breakages.js'
import { randomFrom } from './random.js'
import { allRecordsIn, type ReadMessage, readBySdk } from './sdk-reading.js'
import { type Feature, features, type WrittenSession, writeSession } from './written-session.js'

const workspace = 'demo.alive.best'
/** The agent's working folder. */
const dir = '/srv/demo'

export interface Compared {
  sessions: number
  messages: number
  /** How often each thing occurred. */
  readonly counts: Map<Feature | Breakage, number>
  /** The seeds of the sessions that our reader reads otherwise than the SDK, with what each gave. */
  readonly differences: { readonly seed: number; readonly ours: unknown; readonly sdk: unknown }[]
  /** How many of the sessions the older reader reads otherwise. */
  olderDifferences: number
}

export interface ComparePlan {
  /** The folder for the files; `CLAUDE_CONFIG_DIR` becomes one in it. */
  readonly root: string
  readonly firstSeed: number
  readonly isEnough: (soFar: Compared) => boolean
  /** Reads the first of them too. */
  readonly older?: OlderReader
}

const olderSessions = 1_000

/** Random sessions, each read by the SDK and by us. */
export async function compareReaders({ root, firstSeed, isEnough, older }: ComparePlan): Promise<Compared> {
  const config = join(root, workspace, '.claude')
  process.env.CLAUDE_CONFIG_DIR = config
  const compared: Compared = {
    sessions: 0,
    messages: 0,
    counts: new Map([...features, ...breakages].map((name) => [name, 0])),
    differences: [],
    olderDifferences: 0,
  }
  for (let seed = firstSeed; !isEnough(compared); seed++) {
    const random = randomFrom(seed)
    const sessionId = random.uuid()
    const written = writeSession(random, sessionId)
    const broken = breakFile(random, written.records)
    const path = join(config, 'projects', dir.replaceAll('/', '-'), `${sessionId}.jsonl`)
    mkdirSync(dirname(path), { recursive: true })
    const of = { root, workspace, sessionId }

    const messages = await readBySdk(sessionId, dir, path, broken.bytes)
    writeAsIs(path, broken, written)
    const sdk = { messages, ...summaryOf(messages, broken, written) }
    const ours = await readByUs(of)
    if (JSON.stringify(ours) !== JSON.stringify(sdk)) compared.differences.push({ seed, ours, sdk })
    if (
      older &&
      compared.sessions < olderSessions &&
      (await textsBy(older, of)) !== JSON.stringify(messages.map(({ role, text }) => [role, text]))
    ) {
      compared.olderDifferences++
    }
    rmSync(path)
    rmSync(path.replace('.jsonl', ''), { recursive: true, force: true })

    compared.sessions++
    compared.messages += messages.length
    for (const name of [...written.has, ...broken.has]) compared.counts.set(name, (compared.counts.get(name) ?? 0) + 1)
  }
  return compared
}

function writeAsIs(path: string, { bytes, hasMark }: BrokenFile, { subagents }: WrittenSession): void {
  writeFileSync(path, hasMark ? Buffer.concat([Buffer.from('\ufeff'), bytes]) : bytes)
  const folder = join(path.replace('.jsonl', ''), 'subagents')
  if (subagents.size > 0) mkdirSync(folder, { recursive: true })
  for (const [agentId, records] of subagents) {
    writeFileSync(
      join(folder, `agent-${agentId}.jsonl`),
      records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    )
  }
}

async function readByUs(of: { readonly root: string; readonly workspace: string; readonly sessionId: string }) {
  const messages: ReadMessage[] = []
  for await (const { role, text, at } of (await readTranscript(of)) ?? []) {
    messages.push({ role, text, ...(at === undefined ? {} : { at }) })
  }
  const summary = await summarizeTranscript(of)
  return { messages, count: summary?.messageCount, preview: summary?.lastMessagePreview, usage: summary?.tokenUsage }
}

/** The summary, worked out the plain way. */
function summaryOf(messages: readonly ReadMessage[], { bytes }: BrokenFile, { subagents }: WrittenSession) {
  return { count: messages.length, preview: preview(messages.at(-1)?.text ?? ''), usage: usageOf() }

  function usageOf() {
    const records = allRecordsIn(bytes)
    const totals = records.filter(({ type }) => type === 'cost-state').map(({ modelUsage }) => numbersIn(modelUsage))
    const [total] = totals.sort((a, b) => b.input - a.input)
    if (total) return total
    const byAnswer = new Map<string, ReturnType<typeof numbersIn>>()
    for (const record of [...records, ...[...subagents.values()].flat()]) {
      const { id, usage } = record.type === 'assistant' ? idAndUsage(record.message) : {}
      if (!usage) continue
      const known = byAnswer.get(String(id))
      if (!known || usage.output > known.output) byAnswer.set(String(id), usage)
    }
    if (byAnswer.size === 0) return undefined
    const sum = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    for (const used of byAnswer.values()) {
      sum.input += used.input
      sum.output += used.output
      sum.cacheRead += used.cacheRead
      sum.cacheWrite += used.cacheWrite
    }
    return sum
  }
}

function idAndUsage(message: unknown) {
  const { id, usage }: { id?: unknown; usage?: unknown } = Object(message)
  return { id, usage: typeof usage === 'object' && usage !== null ? numbersIn({ all: usage }) : undefined }
}

function numbersIn(byModel: unknown) {
  const [used = {}]: Readonly<Record<string, number>>[] = Object.values(Object(byModel))
  return {
    input: used.inputTokens ?? used.input_tokens ?? 0,
    output: used.outputTokens ?? used.output_tokens ?? 0,
    cacheRead: used.cacheReadInputTokens ?? used.cache_read_input_tokens ?? 0,
    cacheWrite: used.cacheCreationInputTokens ?? used.cache_creation_input_tokens ?? 0,
  }
}

async function textsBy(
  reader: OlderReader,
  of: { readonly root: string; readonly workspace: string; readonly sessionId: string },
): Promise<string> {
  const texts: [string, string][] = []
  for await (const { role, text } of (await reader.readTranscript(of)) ?? []) texts.push([role, text])
  return JSON.stringify(texts)
}

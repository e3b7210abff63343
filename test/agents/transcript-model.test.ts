import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { readTranscript, summarizeTranscript } from '../../src/agents/claude/index.js'
import { transcriptFolder, uuid, workspace } from './transcript-folder.js'
import { modelOf } from './transcript-model.js'

const sessionId = uuid(999)

it('a transcript says the same read in pieces from its end and parsed as a whole', async () => {
  const { root, write } = transcriptFolder()
  const of = { root, workspace, sessionId }
  await fc.assert(
    fc.asyncProperty(transcript, async (content) => {
      write(sessionId, content)
      const { messages, summary } = modelOf(content)
      const found = await summarizeTranscript(of)
      expect(found).toEqual({
        sessionId,
        lastActivity: 0,
        sizeBytes: Buffer.byteLength(content),
        ...summary,
      })
      const read: unknown[] = []
      for await (const message of (await readTranscript(of)) ?? []) read.push(message)
      expect(read).toEqual(messages)
    }),
    { numRuns: 300 },
  )
}, 60_000)

const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 12 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('Hello', ' \n\t', '"uuid":"', '"cost-state"', '{"type":"user"}', 'Grüße 👋'),
  },
  // Longer than what is read at once.
  { weight: 1, arbitrary: fc.nat({ max: 400_000 }).map((length) => `${'é'.repeat(length / 2)}.`) },
)

const blocks = fc.array(
  fc.oneof(
    text.map((content) => ({ type: 'text', text: content })),
    fc.constant({ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { uuid: uuid(1), type: 'cost-state' } }),
  ),
  { maxLength: 3 },
)

const usage = fc.record({
  input_tokens: fc.nat(99),
  output_tokens: fc.nat(99),
  cache_read_input_tokens: fc.nat(99),
  cache_creation_input_tokens: fc.nat(99),
})

const modelUsage = fc.dictionary(
  fc.constantFrom('opus', 'haiku'),
  fc.record({ inputTokens: fc.nat(99), outputTokens: fc.nat(99), cacheReadInputTokens: fc.nat(99) }),
)

/** An entry but for its place in the tree. */
const step = fc.record({
  kind: fc.constantFrom('user', 'assistant', 'assistant', 'more', 'attachment', 'boundary', 'cost', 'noise', 'mode'),
  /** How many entries up its parent is: mostly the one before it. */
  back: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(6) }),
  isSidechain: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  isMeta: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  hasTime: fc.boolean(),
  content: fc.oneof(text, blocks),
  usage: fc.option(usage, { nil: undefined }),
  modelUsage,
  noise: fc.oneof(fc.string(), fc.json(), fc.constant('')).map((line) => line.replaceAll('\n', '')),
})

const transcript = fc
  .tuple(
    fc.array(step, { maxLength: 25 }),
    fc.constantFrom('', '\n', '\n\n', '\r\n'),
    fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(300) }),
    fc.boolean(),
  )
  .map(([steps, end, cut, hasTotals]) => {
    const lines = writtenDown(steps.filter(({ kind }) => hasTotals || kind !== 'cost'))
    const content = lines.join('\n') + end
    return content.slice(0, Math.max(0, content.length - cut))
  })
  // No transcript at all, which other tests are about.
  .filter((content) => content !== '')

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** The lines as an agent appends them: an entry's parent is above it. */
function writtenDown(steps: readonly Step[]): string[] {
  const placed: number[] = []
  let answer = 0
  return steps.map(
    ({ kind, back, isSidechain, isMeta, hasTime, content, usage: used, modelUsage: total, noise }, number) => {
      if (kind === 'noise') return noise
      if (kind === 'mode') return JSON.stringify({ type: 'mode', mode: 'normal', sessionId })
      if (kind === 'cost') return JSON.stringify({ type: 'cost-state', sessionId, modelUsage: total })
      const parent = back === 0 ? undefined : placed.at(-back)
      placed.push(number)
      const parentUuid = parent === undefined ? null : uuid(parent)
      const time = hasTime ? { timestamp: new Date(1_700_000_000_000 + number).toISOString() } : {}
      const end = { ...(isMeta && { isMeta }), uuid: uuid(number), ...time }
      if (kind === 'attachment') return JSON.stringify({ parentUuid, isSidechain, type: kind, ...end })
      if (kind === 'boundary') {
        answer = number // no answer goes on behind a compaction
        const at = { parentUuid: null, ...(parentUuid && { logicalParentUuid: parentUuid }) }
        return JSON.stringify({ ...at, isSidechain, type: 'system', subtype: 'compact_boundary', ...end })
      }
      if (kind === 'user') {
        return JSON.stringify({ parentUuid, isSidechain, type: kind, message: { role: kind, content }, ...end })
      }
      if (kind === 'assistant') answer = number
      const message = { id: `msg_${answer}`, role: 'assistant', content, ...(used && { usage: used }) }
      return JSON.stringify({ parentUuid, isSidechain, type: 'assistant', message, ...end })
    },
  )
}

import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readTranscript, summarizeTranscript } from '../../src/agents/claude/index.js'
import { assistantEntry, transcriptFolder, userEntry, uuid, workspace } from './transcript-folder.js'

const sessionId = uuid(999)
const data = fileURLToPath(new URL('data', import.meta.url))
const three = ['q1', 'a1', 'q2', 'a2', 'q3', 'a3']

/** What people's transcripts looked like, and what is to be read of each. */
const cases: Readonly<Record<string, readonly string[]>> = {
  // A byte order mark, and lines that end as on Windows.
  bom: ['first question', 'first answer'],
  // The first prompt after a resume hangs on an entry that was never written: what the model sees.
  'phantom-parent': ['after the resume', 'third answer'],
  // An interruption, "No response requested." and an error of the API.
  synthetic: ['write a long story', 'Once upon a time', 'go on'],
  // A slash command whose <command-message> comes first.
  'command-message-first': ['hello', 'hi'],
  // A child was flushed before its parent.
  'parent-below': [
    'first question',
    'first answer',
    'second question',
    'second answer',
    'third question',
    'third answer',
  ],
  compact: three,
  // The compaction kept the last messages.
  'compact-preserved': three,
  // What the compaction says was before it was never written.
  'compact-lost-parent': ['q3', 'a3'],
  'summary-only': [],
  // The last block came back as NULs after a crash, then the session went on.
  'nul-tail': ['q1', 'a1', 'q2', 'a2'],
  // A hook's progress comes late and hangs on an older message.
  'progress-forks': three,
  'duplicate-uuids': three,
  'two-records-on-a-line': ['q3', 'a3'],
  'cut-record-before-another': ['q3', 'a3'],
  'nuls-behind-a-record': ['a2', 'q3', 'a3'],
  'line-of-nuls': three,
}

describe('a transcript from a report', () => {
  it('is among the cases', () => {
    const files = readdirSync(data).filter((name) => name.endsWith('.jsonl'))
    expect(files.map((name) => name.slice(0, -'.jsonl'.length)).sort()).toEqual(Object.keys(cases).sort())
  })

  it.each(Object.entries(cases))('reads as the SDK reads it: %s', async (name, texts) => {
    const { root, projects } = transcriptFolder()
    const path = join(projects, '-srv-demo', `${sessionId}.jsonl`)
    mkdirSync(dirname(path), { recursive: true })
    copyFileSync(join(data, `${name}.jsonl`), path)
    expect(await textsIn(root)).toEqual(texts)
    const summary = await summarizeTranscript({ root, workspace, sessionId })
    expect(summary?.messageCount).toBe(texts.length)
    expect(summary?.lastMessagePreview).toBe(texts.at(-1))
  })

  it('counts the usage once although the history stands there twice', async () => {
    const { root, projects } = transcriptFolder()
    const path = join(projects, '-srv-demo', `${sessionId}.jsonl`)
    mkdirSync(dirname(path), { recursive: true })
    copyFileSync(join(data, 'duplicate-uuids.jsonl'), path)
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({
      tokenUsage: { input: 30, output: 15, cacheRead: 0, cacheWrite: 0 },
    })
  })
})

describe('a transcript too large to keep', () => {
  it('with a tool result of 17 MB, twice in its line, loses nothing', async () => {
    const { root, write } = transcriptFolder()
    const image = 'QUJD'.repeat((17 * 1024 * 1024) / 4)
    const result = [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'image', source: { data: image } }] },
    ]
    write(sessionId, [
      userEntry(1, null, 'q1'),
      assistantEntry(2, 1, 'a1'),
      userEntry(3, 2, 'q2'),
      assistantEntry(4, 3, [{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} }]),
      userEntry(5, 4, '', { message: { role: 'user', content: result }, toolUseResult: { file: image } }),
      assistantEntry(6, 5, 'a2'),
      userEntry(7, 6, 'q3'),
      assistantEntry(8, 7, 'a3'),
    ])
    expect(await textsIn(root)).toEqual(three)
  }, 60_000)

  it('with a line of 64 MB is read, and that line too', async () => {
    const { root, write } = transcriptFolder()
    const long = 'x'.repeat(64 * 1024 * 1024)
    write(sessionId, [userEntry(1, null, 'q1'), assistantEntry(2, 1, long), userEntry(3, 2, 'q2')])
    const lengths: number[] = []
    for await (const { text } of (await readTranscript({ root, workspace, sessionId })) ?? []) lengths.push(text.length)
    expect(lengths).toEqual([2, long.length, 2])
  }, 60_000)

  it.each([1, 2, 4])('counts 1,200 answers of one token each once, written %i times', async (times) => {
    const { root, write } = transcriptFolder()
    const entries = Array.from({ length: 1_200 }, (_, number) =>
      assistantEntry(number + 1, number === 0 ? null : number, `answer ${number}`, { usage: { input_tokens: 1 } }),
    )
    write(sessionId, Array.from({ length: times }, () => entries).flat())
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({
      messageCount: 1_200,
      tokenUsage: { input: 1_200 },
    })
  })
})

describe('files of subagents', () => {
  const usage = (output: number) => ({ input_tokens: 1, output_tokens: output })

  it('count where the main file has no running total, and are no messages', async () => {
    const { root, write, projects } = transcriptFolder()
    write(sessionId, [userEntry(1, null, 'q1'), assistantEntry(2, 1, 'a1', { usage: usage(40) })])
    const folder = join(projects, '-srv-demo', sessionId, 'subagents')
    mkdirSync(folder, { recursive: true })
    const found = assistantEntry(11, null, 'Found', { id: 'msg_agent', isSidechain: true, usage: usage(9) })
    const line = `${JSON.stringify(found)}\n`
    writeFileSync(join(folder, 'agent-a1.jsonl'), line + line)
    writeFileSync(join(folder, 'notes.jsonl'), JSON.stringify(assistantEntry(12, null, 'x', { usage: usage(1_000) })))
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({
      messageCount: 2,
      tokenUsage: { input: 2, output: 49 },
    })
    write(sessionId, [
      userEntry(1, null, 'q1'),
      assistantEntry(2, 1, 'a1', { usage: usage(40) }),
      { type: 'cost-state', modelUsage: { a: { inputTokens: 5, outputTokens: 60 } } },
    ])
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({
      tokenUsage: { input: 5, output: 60 },
    })
  })
})

async function textsIn(root: string): Promise<string[]> {
  const texts: string[] = []
  for await (const { text } of (await readTranscript({ root, workspace, sessionId })) ?? []) texts.push(text)
  return texts
}

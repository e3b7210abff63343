import { describe, expect, it } from 'vitest'
import {
  listTranscripts,
  readTranscript,
  summarizeTranscript,
  type TranscriptMessage,
  transcriptExists,
} from '../../src/agents/claude/index.js'
import { assistantEntry, transcriptFolder, userEntry, uuid, workspace } from './transcript-folder.js'

// Entries recorded from runs of the SDK 0.3.330, re-typed by hand and shortened.

const sessionId = uuid(999)
const costState = {
  type: 'cost-state',
  modelUsage: {
    a: { inputTokens: 44, outputTokens: 160, cacheReadInputTokens: 20, cacheCreationInputTokens: 28, costUSD: 0.1 },
    b: { inputTokens: 1, outputTokens: 2 },
  },
}
const enqueued = { type: 'queue-operation', operation: 'enqueue', timestamp: '2023-11-14T22:13:19.000Z' }
const usage = (output: number) => ({
  input_tokens: 10,
  output_tokens: output,
  cache_read_input_tokens: 5,
  cache_creation_input_tokens: 7,
})

const hello = [userEntry(1, null, 'My name is Ada'), assistantEntry(2, 1, 'Hello Ada.', { usage: usage(40) })]

describe('a transcript', () => {
  it('exists once there is something in it, in whichever working folder the session ran', async () => {
    const { root, write } = transcriptFolder()
    const of = { root, workspace, sessionId }
    expect(await transcriptExists(of)).toBe(false)
    write(sessionId, '')
    expect(await transcriptExists(of)).toBe(false)
    write(sessionId, hello, { project: '-srv-other' })
    expect(await transcriptExists(of)).toBe(true)
    expect(await transcriptExists({ ...of, workspace: 'docs.alive.best' })).toBe(false)
  })

  it('that is not there is undefined, neither empty nor an error', async () => {
    const { root } = transcriptFolder()
    const of = { root, workspace, sessionId }
    expect(await summarizeTranscript(of)).toBeUndefined()
    expect(await readTranscript(of)).toBeUndefined()
    expect(await listTranscripts({ root, workspace })).toEqual([])
    expect(await listTranscripts({ root: `${root}/none`, workspace })).toEqual([])
  })

  it('is summarized: start, count, last message, tokens', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [enqueued, ...hello, costState], { at: 1_700_000_005_000 })
    expect(await summarizeTranscript({ root, workspace, sessionId })).toEqual({
      sessionId,
      startedAt: 1_699_999_999_000,
      lastActivity: 1_700_000_005_000,
      messageCount: 2,
      lastMessagePreview: 'Hello Ada.',
      tokenUsage: { input: 45, output: 162, cacheRead: 20, cacheWrite: 28 },
      sizeBytes: expect.any(Number),
    })
  })

  it('is read as role, text and time, oldest first', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [enqueued, ...hello, costState])
    expect(await read(root)).toEqual([
      { role: 'user', text: 'My name is Ada', at: 1_700_000_000_001 },
      { role: 'assistant', text: 'Hello Ada.', at: 1_700_000_000_002 },
    ])
  })

  it('of a session that continued in another working folder is the one that was written last', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [userEntry(1, null, 'newer')], { project: '-srv-a', at: 2_000 })
    write(sessionId, [userEntry(1, null, 'older')], { project: '-srv-b', at: 1_000 })
    expect(await texts(root)).toEqual(['newer'])
    expect(await listTranscripts({ root, workspace })).toHaveLength(1)
  })

  it('with parallel tool calls shows what was said: a tree whose other branches hold results only', async () => {
    const { root, write } = transcriptFolder()
    const id = 'msg_tools'
    const call = (name: string) => [{ type: 'tool_use', id: name, name: 'Bash', input: { command: 'ls' } }]
    const result = (name: string) => ({
      message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: name, content: 'a text' }] },
    })
    write(sessionId, [
      userEntry(1, null, 'Use the tools'),
      assistantEntry(2, 1, 'Let me look.', { id, usage: usage(1) }),
      assistantEntry(3, 2, call('one'), { id, usage: usage(1) }),
      assistantEntry(4, 3, call('two'), { id, usage: usage(40) }),
      userEntry(5, 4, '', result('two')),
      userEntry(6, 3, '', result('one')),
      assistantEntry(7, 6, 'All done.', { id: 'msg_end', usage: usage(20) }),
      assistantEntry(8, 7, ' Second block.', { id: 'msg_end', usage: usage(20) }),
    ])
    expect(await texts(root)).toEqual(['Use the tools', 'Let me look.', 'All done. Second block.'])
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({
      messageCount: 3,
      lastMessagePreview: 'All done. Second block.',
      // Each answer once, with the figures of its last entry.
      tokenUsage: { input: 20, output: 60, cacheRead: 10, cacheWrite: 14 },
    })
  })

  it('that was compacted still has what was said before, without what the CLI notes for itself', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [
      ...hello,
      { type: 'system', subtype: 'compact_boundary', parentUuid: null, logicalParentUuid: uuid(2), uuid: uuid(3) },
      userEntry(4, 3, 'This session is being continued …', { isCompactSummary: true, isVisibleInTranscriptOnly: true }),
      userEntry(5, 4, '<local-command-caveat>The command below …</local-command-caveat>', { isMeta: true }),
      userEntry(6, 5, '<command-name>/compact</command-name>'),
      userEntry(7, 6, '<local-command-stdout>Compacted </local-command-stdout>'),
      { type: 'attachment', parentUuid: uuid(7), uuid: uuid(8), isSidechain: false, attachment: { type: 'date' } },
      userEntry(9, 8, 'Go on'),
    ])
    expect(await texts(root)).toEqual(['My name is Ada', 'Hello Ada.', 'Go on'])
  })

  it('of two turns that ran at once gives the branch that Claude resumes: the one written last', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [
      ...hello,
      userEntry(3, 2, 'first send'),
      userEntry(4, 2, 'second send'),
      assistantEntry(5, 3, 'answer to the first', { usage: usage(1) }),
      assistantEntry(6, 4, 'answer to the second', { usage: usage(2) }),
    ])
    expect(await texts(root)).toEqual(['My name is Ada', 'Hello Ada.', 'second send', 'answer to the second'])
    // Both were paid for.
    const summary = await summarizeTranscript({ root, workspace, sessionId })
    expect(summary).toMatchObject({ messageCount: 4, tokenUsage: { output: 43 } })
  })

  it('leaves out what a subagent said, and counts its tokens', async () => {
    const { root, write } = transcriptFolder()
    const side = { isSidechain: true }
    write(sessionId, [
      ...hello,
      userEntry(3, 2, 'Search', side),
      assistantEntry(4, 3, 'Found', { ...side, usage: usage(9) }),
    ])
    expect(await texts(root)).toEqual(['My name is Ada', 'Hello Ada.'])
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({ tokenUsage: { output: 49 } })
  })

  it('previews the beginning of the last message, in at most 120 code points', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [...hello, userEntry(3, 2, `Look:\n\n${'👩‍🚀 '.repeat(100)}`)])
    const summary = await summarizeTranscript({ root, workspace, sessionId })
    expect(summary?.lastMessagePreview).toMatch(/^Look: 👩‍🚀 /u)
    expect([...(summary?.lastMessagePreview ?? '')].length).toBeLessThanOrEqual(120)
  })
})

describe('the list', () => {
  it('has the newest transcripts first, ten by default', async () => {
    const { root, write } = transcriptFolder()
    for (let n = 1; n <= 12; n++) write(uuid(n), [userEntry(n, null, `chat ${n}`)], { at: ((n * 5) % 13) * 1_000 })
    const newestFirst = [5, 10, 2, 7, 12, 4, 9, 1, 6, 11]
    const listed = await listTranscripts({ root, workspace })
    expect(listed.map((summary) => summary.sessionId)).toEqual(newestFirst.map(uuid))
    expect(listed[0]).toEqual({ sessionId: uuid(5), lastActivity: 12_000, sizeBytes: expect.any(Number) })
    const two = await listTranscripts({ root, workspace, limit: 2 })
    expect(two).toEqual(listed.slice(0, 2))
    expect(await listTranscripts({ root, workspace, limit: Number.POSITIVE_INFINITY })).toHaveLength(12)
    expect(await listTranscripts({ root, workspace, limit: 0 })).toEqual([])
  })

  it("leaves out other files and subagents' transcripts", async () => {
    const { root, write } = transcriptFolder()
    for (const name of ['agent-1', `agent-${uuid(1)}`, 'notes', '..', '']) write(name, hello)
    write(uuid(1), hello)
    expect(await listTranscripts({ root, workspace })).toHaveLength(1)
  })
})

async function read(root: string): Promise<TranscriptMessage[]> {
  const messages: TranscriptMessage[] = []
  for await (const message of (await readTranscript({ root, workspace, sessionId })) ?? []) messages.push(message)
  return messages
}

async function texts(root: string): Promise<string[]> {
  return (await read(root)).map(({ text }) => text)
}

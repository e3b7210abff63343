import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readTranscript } from '../../src/agents/claude/index.js'
import { conversation, type Query } from './conversation.js'

/** What a version of the SDK does with its transcripts, and what we make of it. */
export function transcriptsOfSdk(
  query: Query,
  {
    findsInOtherFolders,
    failsWhenReadOnly = false,
  }: {
    readonly findsInOtherFolders: boolean
    /** Whether the turn itself fails when its transcript cannot be written. */
    readonly failsWhenReadOnly?: boolean
  },
): void {
  it('writes what we read, and nothing is reported', async () => {
    const { of, say, sessionId, reported } = await conversation(query)
    await say('my name is Ada')
    await say('what is my name?')
    expect(await reported()).toEqual([])
    const texts: string[] = []
    const transcript = await readTranscript({ ...of, sessionId: await sessionId() })
    for await (const { text } of transcript ?? []) texts.push(text)
    expect(texts).toEqual(['my name is Ada', 'Answer 1', 'what is my name?', 'Answer 2'])
  }, 120_000)

  it('keeps the id a message was sent with, so that turns have the ids of the chat', async () => {
    const { of, say, sessionId } = await conversation(query)
    const ids = [crypto.randomUUID(), crypto.randomUUID()] as const
    for (const uuid of ids) {
      await say(
        (async function* () {
          const message = { role: 'user', content: 'hello' }
          yield { type: 'user', uuid, session_id: '', parent_tool_use_id: null, message }
        })(),
      )
    }
    const read: string[] = []
    const turns = await readTranscript({ ...of, sessionId: await sessionId() }, { turns: true })
    for await (const { id, text } of turns ?? []) read.push(`${id} ${text}`)
    const expected = ids.flatMap((id, turn) => [`${id} hello`, `${id}.answer Answer ${turn + 1}`])
    expect(read).toEqual(expected)
  }, 120_000)

  it('a transcript that is made read-only in mid-turn is reported', async () => {
    const { say, transcriptPath, reported } = await conversation(query)
    await say('my name is Ada')
    const path = await transcriptPath()
    const turn = say('what is my name?', { meanwhile: () => makeReadOnly(path) })
    if (failsWhenReadOnly) {
      await expect(turn).rejects.toThrow()
      return
    }
    expect((await turn).at(-1)).toMatchObject({ type: 'done', preview: 'Answer 2' })
    expect(await reported()).toMatchObject([{ code: 'transcript-not-written' }])
  }, 120_000)

  it.each<[string, (path: string) => void]>([
    ['cut', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['deleted', (path) => rmSync(path)],
  ])(
    'a transcript that is %s in mid-turn is reported after the answer',
    async (_, damage) => {
      const { say, transcriptPath, reported } = await conversation(query)
      await say('my name is Ada')
      const path = await transcriptPath()
      const events = await say('what is my name?', { meanwhile: () => damage(path) })
      expect(events.at(-1)).toMatchObject({ type: 'done', preview: 'Answer 2' })
      expect(await reported()).toMatchObject([{ code: 'transcript-not-written' }])
    },
    120_000,
  )

  it(`resumed in another working folder ${findsInOtherFolders ? 'finds the session' : 'keeps the id until it is back'}`, async () => {
    const { api, home, say, sessionId, reported } = await conversation(query)
    const [one, other] = [join(home, 'one'), join(home, 'other')] as const
    for (const folder of [one, other]) mkdirSync(folder)
    await say('my name is Ada', { cwd: one })
    const id = await sessionId()
    if (findsInOtherFolders) {
      const events = await say('what is my name?', { cwd: other })
      expect(events[0]).toEqual({ type: 'started', resumed: true })
    } else {
      await expect(say('what is my name?', { cwd: other })).rejects.toThrow()
      expect(await sessionId()).toBe(id)
      const events = await say('what is my name?', { cwd: one })
      expect(events[0]).toEqual({ type: 'started', resumed: true })
    }
    expect(api.seen.at(-1)).toContain('my name is Ada')
    expect(await sessionId()).toBe(id)
    expect(await reported()).toEqual([])
  }, 120_000)
}

/** Root writes what is read-only, so for root the file becomes immutable, or, where the file system has no such thing, a folder. */
function makeReadOnly(path: string): void {
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0o444)
    return
  }
  try {
    execFileSync('chattr', ['+i', path], { stdio: 'ignore' })
    onTestFinished(() => {
      execFileSync('chattr', ['-i', path])
    })
  } catch {
    rmSync(path)
    mkdirSync(path)
  }
}

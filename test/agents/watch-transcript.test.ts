import { appendFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ClaudeMessage, claudeDriver, claudeDriverFor } from '../../src/agents/claude/index.js'
import { watchTranscript } from '../../src/agents/claude/watch-transcript.js'
import { systemClock } from '../../src/core/clock.js'
import { memoryAgentSessions, runTurn, tabKey } from '../../src/server/index.js'
import { assistantEntry, transcriptFolder, userEntry, uuid, workspace } from './transcript-folder.js'

const sessionId = uuid(999)
const line = (entry: object) => `${JSON.stringify(entry)}\n`
const before = [userEntry(1, null, 'My name is Ada'), assistantEntry(2, 1, 'Hello Ada.')]
const question = line(userEntry(3, 2, 'Who am I?'))
const answer = line(assistantEntry(4, 3, 'Ada.'))

/** A transcript, and a watch whose clock does not wait, but calls `onWait` where it would. */
function setUp() {
  const folder = transcriptFolder()
  const path = folder.write(sessionId, before)
  let waits = 0
  let onWait = () => {}
  const clock = {
    ...systemClock,
    setTimeout(run: () => void) {
      waits++
      onWait()
      setImmediate(run)
      return () => {}
    },
  }
  return {
    ...folder,
    path,
    driver: claudeDriverFor({ root: folder.root, workspace }),
    watch: watchTranscript({ root: folder.root, workspace, clock }),
    waits: () => waits,
    whenWaiting(act: () => void) {
      onWait = act
    },
  }
}

const init: ClaudeMessage = { type: 'system', session_id: sessionId }
const said = (id: string, more: object = {}): ClaudeMessage =>
  Object.assign({ type: 'assistant', session_id: sessionId, message: { id, model: 'm', content: [] } }, more)
const success: ClaudeMessage = Object.assign({ type: 'result', session_id: sessionId }, { is_error: false })

/** What `onError` is given after a turn in which the agent does `act` between its first message and its answer. */
async function errorsOf({ driver, watch }: ReturnType<typeof setUp>, act: () => void, last = said('msg_4')) {
  const errors: unknown[] = []
  let noted: Promise<void> | undefined
  let isTold = () => {}
  const told = new Promise<void>((resolve) => {
    isTold = resolve
  })
  const turn = await runTurn({
    sessions: memoryAgentSessions(),
    key: tabKey({ userId: 'u1', workspace, tabId: 't1' }),
    agent: {
      ...driver,
      createWatch: () => ({
        note(message) {
          noted = watch.note(message)
        },
        afterDone: () => watch.afterDone().finally(() => setImmediate(isTold)),
      }),
    },
    hasHistory: false,
    onError: (error) => errors.push(error),
    async *run() {
      yield init
      await noted
      act()
      yield last
      yield success
    },
  })
  const types: string[] = []
  if (turn.ok) for await (const { type } of turn.events) types.push(type)
  expect(types).toEqual(['started', 'message', 'message', 'message', 'done'])
  await told
  return errors
}

describe('after a turn', () => {
  it('nothing is reported that the transcript has taken', async () => {
    const world = setUp()
    expect(await errorsOf(world, () => appendFileSync(world.path, question + answer))).toEqual([])
    expect(world.waits()).toBe(0)
  })

  it('waits for a process that writes late', async () => {
    const world = setUp()
    world.whenWaiting(() => {
      if (world.waits() === 3) appendFileSync(world.path, question + answer)
    })
    expect(await errorsOf(world, () => {})).toEqual([])
    expect(world.waits()).toBe(3)
  })

  it('an answer that was not written is reported once, to the server', async () => {
    const world = setUp()
    const errors = await errorsOf(world, () => appendFileSync(world.path, question))
    expect(errors).toMatchObject([
      { code: 'transcript-not-written', message: expect.stringContaining('did not take the last answer') },
    ])
  })

  it('a transcript that is gone is reported', async () => {
    const world = setUp()
    const errors = await errorsOf(world, () => rmSync(world.path))
    expect(errors).toMatchObject([{ code: 'transcript-not-written', message: expect.stringContaining('is gone') }])
  })

  it.each<[string, (path: string) => void]>([
    ['deleted and begun anew', (path) => rmSync(path)],
    ['emptied', (path) => truncateSync(path)],
    ['cut', (path) => truncateSync(path, 100)],
    ['replaced by something longer', (path) => writeFileSync(path, 'x'.repeat(10_000))],
  ])('a transcript that was %s during the turn is reported although it has the answer', async (_, damage) => {
    const world = setUp()
    const errors = await errorsOf(world, () => {
      damage(world.path)
      appendFileSync(world.path, question + answer)
    })
    expect(errors).toMatchObject([
      { code: 'transcript-not-written', message: expect.stringContaining('cut or deleted during the turn') },
    ])
  })

  it('nothing is expected of a turn whose only answers are a subagent’s or the process’s own', async () => {
    const world = setUp()
    expect(await errorsOf(world, () => {}, said('msg_9', { parent_tool_use_id: 'toolu_1' }))).toEqual([])
    const synthetic = said('msg_9', { message: { id: 'msg_9', model: '<synthetic>', content: [] } })
    expect(await errorsOf(world, () => {}, synthetic)).toEqual([])
  })
})

describe('"No conversation found"', () => {
  const refusal = new Error(`Claude Code returned an error result: No conversation found with session ID: ${sessionId}`)

  it('costs no session id while its transcript is there, as older SDKs look in the working folder only', async () => {
    const { driver } = setUp()
    expect(await driver.classify(refusal, { resume: sessionId })).toBe('other')
    expect(await claudeDriver.classify(refusal, { resume: sessionId })).toBe('stale')
  })

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is not JSON', 'garbage\n'],
    ['has no message', line({ type: 'summary', summary: 'x' })],
  ])('is believed when the transcript %s', async (_, content) => {
    const { driver, path, write } = setUp()
    rmSync(path)
    if (content !== undefined) write(sessionId, content)
    expect(await driver.classify(refusal, { resume: sessionId })).toBe('stale')
  })

  it('leaves every other failure as it is', async () => {
    const { driver } = setUp()
    expect(await driver.classify(new Error('ECONNREFUSED'), { resume: sessionId })).toBe('transient')
  })
})

it('a driver for what is no workspace is refused at once', () => {
  expect(() => claudeDriverFor({ workspace: '../x' })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
})

import { describe, expect, it } from 'vitest'
import { pollingTurnLog } from '../../../src/server/log/polling-turn-log.js'
import type { TurnLog } from '../../../src/server/turn-log.js'
import { manualClock } from '../../../src/testing/manual-clock.js'
import { storedTurns } from '../log/stored-turns.js'
import { init, type Message, ok, scriptedAgent, text } from '../scripted-agent.js'
import { ask, post, reading, setUpHandler } from './handler-setup.js'

const followers = process.env.LEFTOFF_SOAK ? 10_000 : 200
const answer = 'abcdefghij'

/** An agent that says a letter whenever it is let. */
function spellingAgent() {
  let say = () => {}
  async function* run(): AsyncGenerator<Message> {
    yield init('s1')
    for (const letter of answer) {
      yield text(letter)
      await new Promise<void>((resolve) => {
        say = resolve
      })
    }
    yield ok('s1')
  }
  return { run, say: () => say() }
}

/** How a log may be, by what a follower in another process gets of the answer. */
const logs: readonly [name: string, wrap: (log: TurnLog) => Partial<TurnLog>, text: string][] = [
  ['that works', () => ({}), answer],
  ['that is down from the start', () => ({ start: () => Promise.reject(new Error('down')) }), ''],
  ['that fails in mid-turn', failingAfter(5, 'down'), 'abc'],
  ['that is full', failingAfter(6, 'full'), 'abcd'],
]

function failingAfter(seq: number, message: string) {
  return ({ append }: TurnLog): Partial<TurnLog> => ({
    append: (key, turnId, firstSeq, events) =>
      firstSeq > seq ? Promise.reject(new Error(message)) : append(key, turnId, firstSeq, events),
  })
}

describe.each(logs)(`${followers} followers of a turn with a log %s`, (_, wrap, inLog) => {
  it('hear all of it in its process; elsewhere what the log has, that something is missed, and the end', async () => {
    const agent = spellingAgent()
    let asked = 0
    const setup = setUpHandler(
      scriptedAgent(),
      { run: agent.run },
      {
        log: wrap,
        sessions: ({ getTurn }) => ({
          getTurn: (...turn) => {
            asked += 1
            return getTurn(...turn)
          },
        }),
      },
    )
    const sent = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(100)
    const elsewhere = setup.another(scriptedAgent())
    const follow = (handler: typeof elsewhere) =>
      Promise.all(
        Array.from({ length: followers / 2 }, async () => reading(await handler.GET(ask('GET', { turnId: 't1' })))),
      )
    const here = await follow(setup.handler)
    const there = await follow(elsewhere)
    asked = 0
    for (const _ of answer) {
      agent.say()
      await setup.clock.advance(100)
    }
    await setup.clock.advance(9_000)

    for (const read of [sent, ...here]) {
      expect(read.text()).toBe(answer)
      expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
    }
    const whole = inLog === answer
    for (const read of there) {
      expect(read.text()).toBe(inLog)
      expect(read.events().some(({ type }) => type === 'missed')).toBe(!whole)
      expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
      expect(read.isOver()).toBe(true)
    }
    expect(setup.answers.get('t1.answer')).toMatchObject({ text: answer, outcome: 'done' })
    expect(setup.errors.length > 0).toBe(!whole)
    // By the turn for its stops, and by all who follow elsewhere once in two seconds.
    expect(asked).toBeLessThanOrEqual(12)
  }, 60_000)
})

describe('followers in the process that runs a turn', () => {
  it('get what is new at once and ask no database, whatever that is doing', async () => {
    const agent = spellingAgent()
    const stored = storedTurns()
    const clock = manualClock()
    const setup = setUpHandler(scriptedAgent(), { run: agent.run, log: pollingTurnLog(stored, clock), clock })
    const sent = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    const follow = async () => reading(await setup.handler.GET(ask('GET', { turnId: 't1' })))
    const reads = [sent, ...(await Promise.all(Array.from({ length: 50 }, follow)))]
    stored.answers = () => new Promise(() => {})
    for (const _ of 'abc') {
      await clock.advance(40)
      agent.say()
    }
    await clock.advance(40)
    for (const read of reads) expect(read.text()).toBe('abcd')
    expect(stored.requests.fetch).toBe(0)
  })

  it('who are far behind ask the database twice, however many they are', async () => {
    const stored = storedTurns()
    const clock = manualClock()
    const piece = 'x'.repeat(100_000)
    async function* run(): AsyncGenerator<Message> {
      yield init('s1')
      for (let n = 0; n < 20; n += 1) {
        yield text(piece)
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 100))
      }
      await new Promise(() => {})
    }
    const setup = setUpHandler(scriptedAgent(), { run, log: pollingTurnLog(stored, clock), clock })
    await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await clock.advance(5_000)
    const follow = async () => reading(await setup.handler.GET(ask('GET', { turnId: 't1' })))
    const reads = await Promise.all(Array.from({ length: 20 }, follow))
    await clock.advance(100)
    for (const read of reads) expect(read.text().length).toBe(20 * piece.length)
    expect(stored.requests.fetch).toBeLessThanOrEqual(2)
  })
})

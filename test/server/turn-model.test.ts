import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TurnEvent } from '../../src/core/turn-event.js'
import { driver, type Message, readAll, type Step } from './scripted-agent.js'
import { key, setUp } from './turn-setup.js'

/** What may happen in one turn. */
interface Plan {
  /** What becomes of the agent's sessions before the turn. */
  readonly before: 'nothing' | 'transcripts lost' | 'a day passes'
  /** How the agent goes on once it has taken the request. */
  readonly agent:
    | 'answers'
    | 'fails at once'
    | 'fails after output'
    | 'error result'
    | 'looks stale after output'
    | 'looks stale at once'
    | 'starts another session'
  readonly storeFails: 'never' | 'clearStale' | 'endTurn'
  /** After how many events the reader leaves. */
  readonly leavesAfter: number
  readonly onDisconnect: 'abort' | 'continue'
}

const plan: fc.Arbitrary<Plan> = fc.record({
  before: fc.constantFrom('nothing', 'nothing', 'transcripts lost', 'a day passes'),
  agent: fc.constantFrom(
    'answers',
    'answers',
    'answers',
    'fails at once',
    'fails after output',
    'error result',
    'looks stale after output',
    'looks stale at once',
    'starts another session',
  ),
  storeFails: fc.constantFrom('never', 'never', 'never', 'clearStale', 'endTurn'),
  leavesAfter: fc.constantFrom(99, 99, 99, 1, 2, 3, 4),
  onDisconnect: fc.constantFrom('abort', 'continue'),
})

/** An agent that remembers, per session, the turns it was told; and a conversation that knows what was said in all. */
async function converse(plans: readonly Plan[]): Promise<void> {
  let failing: Plan['storeFails'] = 'never'
  const { begin, sessions, clock } = setUp((memory) => ({
    clearStale: (...request) =>
      failing === 'clearStale' ? Promise.reject(new Error('down')) : memory.clearStale(...request),
    endTurn: (...request) => (failing === 'endTurn' ? Promise.reject(new Error('down')) : memory.endTurn(...request)),
  }))
  const transcripts = new Map<string, number[]>()
  let ids = 0
  const createId = () => {
    ids += 1
    return `id-${ids}`
  }

  for (const [turn, { before, agent, storeFails, leavesAfter, onDisconnect }] of plans.entries()) {
    failing = storeFails
    if (before === 'transcripts lost') transcripts.clear()
    if (before === 'a day passes') await clock.advance(24 * 60 * 60 * 1000)
    const stored = await sessions.get(key)
    let saidStale = false
    let outputs = 0
    const knew: { turns: readonly number[]; isResumed: boolean }[] = []

    const steps = (resume: string | undefined): Step[] => {
      if (resume !== undefined && !transcripts.has(resume)) {
        saidStale = true
        return [
          turn % 2 ? new Error(`no session ${resume}`) : { type: 'error', id: 'random', says: `no session ${resume}` },
        ]
      }
      if (agent === 'fails at once') return [new Error('503')]
      if (agent === 'looks stale at once') return [{ type: 'error', id: 'random', says: `400 no session ${resume}` }]
      const id = resume === undefined || agent === 'starts another session' ? createId() : resume
      const transcript = transcripts.get(id) ?? []
      knew.push({ turns: [...transcript], isResumed: id === resume })
      transcripts.set(id, [...transcript, turn])
      const started: Step[] = [
        { type: 'init', id },
        { type: 'text', text: `turn ${turn}, part 1` },
      ]
      outputs += 1
      if (agent === 'fails after output') return [...started, new Error('503')]
      if (agent === 'error result') return [...started, { type: 'error', id: 'random', says: 'limit' }]
      if (agent === 'looks stale after output') return [...started, new Error(`no session ${id}`)]
      return [...started, { type: 'text', text: `turn ${turn}, part 2` }, { type: 'ok', id }]
    }

    const requests: (string | undefined)[] = []
    const run = async function* (resume: string | undefined): AsyncGenerator<Message> {
      requests.push(resume)
      for (const step of steps(resume)) {
        if (step instanceof Error) throw step
        if (!(step instanceof Promise)) yield step
      }
    }
    const events = await begin(
      { requests: [], ended: () => 0, run: ({ resume }) => run(resume) },
      { hasHistory: turn > 0, onDisconnect, agent: driver },
    )
    const { events: seen } = await readAll(leavingAfter(events, leavesAfter))
    await clock.advance(60_000) // the background work, and a lease that could not be ended

    // An id is lost only if its agent said that it is stale, or has answered from another session.
    const storedNow = await sessions.get(key)
    if (stored !== undefined && storedNow !== stored) expect(saidStale || agent === 'starts another session').toBe(true)
    // No id of an error result, and none that the agent never gave.
    if (storedNow !== undefined) expect(storedNow).toMatch(/^id-/)
    // Nothing is run twice once there was output, and nothing is yielded twice.
    expect(outputs).toBeLessThanOrEqual(1)
    expect(requests.length).toBeLessThanOrEqual(2)
    const texts = seen.flatMap((event) =>
      event.type === 'message' && event.message.type === 'text' ? [event.message.text] : [],
    )
    expect(new Set(texts).size).toBe(texts.length)
    // Context is never lost in silence: whoever sees an answer that does not know the last turn of its session was
    // told.
    const [answer] = knew
    const isToldLost = seen.some((event) => event.type === 'recovered' && event.contextLost)
    if (answer && turn > 0 && !answer.isResumed && texts.length > 0) expect(isToldLost).toBe(true)
    if (answer?.isResumed) expect(isToldLost).toBe(false)
    expect(inOrder(seen)).toBe(true)
  }
}

async function* leavingAfter<T>(events: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let read = 0
  for await (const event of events) {
    yield event
    read += 1
    if (read === count) return
  }
}

/** `recovered`?, `started`, messages, `done`. */
function inOrder(events: readonly TurnEvent<Message>[]): boolean {
  const kinds = events.map(({ type }) => type).join(' ')
  return /^(recovered( |$))?(started( message| discard)*( done)?)?$/.test(kinds)
}

describe('over any run of turns, failures and readers that leave', () => {
  it('no id is lost that works, nothing is said twice, no context is lost in silence', async () => {
    await fc.assert(fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 6 }), converse), { numRuns: 150 })
  }, 60_000)
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epochKey } from '../../src/core/keys-and-ids.js'
import { createTurnClient, isLeftoffError, type TurnClientEvent } from '../../src/index.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { type Fault, turnServer } from './turn-server.js'

const conversation = { userId: 'u', workspace: 'w', conversationId: 'c' }

function setUp(options: Parameters<typeof turnServer>[1] = {}) {
  const clock = manualClock({ now: 1_800_000_000_000 })
  const server = turnServer(clock, options)
  const profile = fakeBrowser()
  let tab = profile.openTab()
  const open = () => createTurnClient({ api: '/api/turn', fetch: server.fetch, clock, browser: tab.browser })
  return {
    clock,
    server,
    client: open(),
    tab: () => tab,
    reload() {
      tab = tab.reload()
      return open()
    },
  }
}

/** What comes of a turn: its events, and how it ended. */
function collect(events: AsyncIterable<TurnClientEvent>) {
  const seen = { events: [] as TurnClientEvent[], end: undefined as string | undefined, error: undefined as unknown }
  const all = async (): Promise<void> => {
    try {
      for await (const event of events) seen.events.push(event)
      seen.end = 'ended'
    } catch (error) {
      seen.end = isLeftoffError(error) ? error.code : String(error)
      seen.error = error
    }
  }
  void all()
  return seen
}

const textOf = (events: readonly TurnClientEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('')
const whole = (message: string, id: string) => [
  { type: 'turn', turnId: id, messageId: id, message },
  { type: 'text', text: 'one ' },
  { type: 'text', text: 'two ' },
  { type: 'text', text: 'three' },
  { type: 'done', kept: true },
]

describe('sending', () => {
  it('gives the question, the answer and its end', async () => {
    const { clock, client } = setUp()
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(1_000)
    expect(seen).toMatchObject({ events: whole('hi', 't'), end: 'ended' })
  })

  const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
    fc.constant(undefined),
    fc.constantFrom<Fault>('lost', 'unanswered', 'hangs', { status: 503 }, { status: 502 }),
    fc.nat(4).map((cutAfter) => ({ cutAfter })),
  )

  it('gives the whole answer once and starts the agent once, whatever the network loses, repeats and cuts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 6 }),
        fc.integer({ min: 1, max: 20_000 }),
        async (script, wordMs) => {
          const { clock, client, server } = setUp({ wordMs })
          // A request that hangs takes 40 s of the minute; two of them in a row are a dead server.
          const patient = script.filter((one, index) => one !== 'hangs' || script.indexOf(one) === index)
          server.faults.push(...patient)
          const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
          await clock.advance(600_000)
          expect(seen).toMatchObject({ events: whole('hi', 't'), end: 'ended' })
          expect(server.runs).toEqual(['t'])
          // Once the server was heard, nothing is posted any more.
          const firstGet = server.requests.findIndex(({ method }) => method === 'GET')
          if (firstGet >= 0) expect(server.requests.slice(firstGet).map(({ method }) => method)).not.toContain('POST')
          expect(client.unsent(conversation)).toEqual([])
        },
      ),
      { numRuns: process.env.LEFTOFF_SOAK === '1' ? 2_000 : 100 },
    )
  })

  it('gives up on a server that is not there after a minute, and keeps the words', async () => {
    const { clock, client, server } = setUp()
    server.faults.push(...Array.from({ length: 100 }, () => 'lost' as const))
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(59_000)
    expect(seen.end).toBeUndefined()
    await clock.advance(2_000)
    expect(seen.end).toBe('unreachable')
    expect(client.unsent(conversation)).toMatchObject([{ turnId: 't', messageId: 't', message: 'hi' }])
    expect(server.runs).toEqual([])
  })

  it('gives up on a stream that does not come back after a minute, and asks for it until then', async () => {
    const { clock, client, server } = setUp({ wordMs: 1_000_000 })
    server.faults.push({ cutAfter: 1 }, ...Array.from({ length: 100 }, () => 'lost' as const))
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(59_000)
    expect(seen.end).toBeUndefined()
    await clock.advance(5_000)
    expect(seen.end).toBe('unreachable')
  })

  it('says to sign in when the server does not know the user', async () => {
    const { clock, client, server } = setUp()
    server.faults.push({ status: 401 })
    const seen = collect(client.send(conversation, { message: 'hi' }))
    await clock.advance(1_000)
    expect(seen).toMatchObject({ end: 'signed-out', error: { message: 'Sign in and send again.' } })
  })

  it('does not ask again what the server refused', async () => {
    const { clock, client, server } = setUp()
    server.faults.push({ status: 422, body: { code: 'message-refused', message: 'too long' } })
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(60_000)
    expect(seen.end).toBe('turn-failed')
    expect(String(seen.error)).toContain('too long')
    expect(server.requests).toHaveLength(1)
  })

  it('does not take a page of HTML for an answer', async () => {
    const { clock, client, server } = setUp()
    server.faults.push({ status: 200 })
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(60_000)
    expect(seen.end).toBe('turn-failed')
    expect(String(seen.error)).toContain('200 application/json')
  })
})

describe('a conversation in which another turn runs', () => {
  it('is waited for: the message goes when it is free', async () => {
    const { clock, client, server } = setUp({ wordMs: 1_000 })
    server.begin('other', 'other', 'from another tab')
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(20_000)
    expect(seen).toMatchObject({ events: whole('hi', 't'), end: 'ended' })
  })

  it('is waited for 10 s, then the error names the other turn', async () => {
    const { clock, client, server } = setUp({ wordMs: 60_000 })
    server.begin('other', 'other', 'from another tab')
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(9_500)
    expect(seen.end).toBeUndefined()
    await clock.advance(1_500)
    expect(seen).toMatchObject({ end: 'turn-busy', error: { turnId: 'other' }, events: [] })
    expect(client.unsent(conversation)).toHaveLength(1)
  })

  it('takes a stop as the end of what has not begun', async () => {
    const { clock, client, server } = setUp({ wordMs: 60_000 })
    server.begin('other', 'other', 'from another tab')
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(2_000)
    const stopped = client.stop(conversation, 't')
    await clock.advance(1_000)
    await stopped
    expect(seen).toMatchObject({ events: [{ type: 'stopped' }], end: 'ended' })
    expect(server.requests.some(({ method }) => method === 'DELETE')).toBe(false)
  })
})

describe('stopping', () => {
  it('is held until the server has the message, and resolves with the end of the stream', async () => {
    const { clock, client, server } = setUp({ wordMs: 1_000 })
    server.faults.push('lost', 'lost')
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    let isStopped = false
    void client.stop(conversation, 't').then(() => {
      isStopped = true
    })
    await clock.advance(0)
    expect(server.requests.map(({ method }) => method)).not.toContain('DELETE')
    await clock.advance(10_000)
    expect(server.requests.map(({ method }) => method)).toContain('DELETE')
    expect(seen.events.at(-1)).toEqual({ type: 'stopped' })
    expect(textOf(seen.events)).toBe('')
    expect(isStopped).toBe(true)
  })

  it('is sent again if it was lost', async () => {
    const { clock, client, server } = setUp({ wordMs: 2_000 })
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(2_500)
    server.faults.push('lost', { status: 503 })
    const stopped = client.stop(conversation, 't')
    await clock.advance(5_000)
    await stopped
    expect(seen.events.at(-1)).toEqual({ type: 'stopped' })
  })

  it('stops a turn of another page, and says when the server cannot be reached', async () => {
    const { clock, client, server } = setUp({ wordMs: 1_000 })
    server.begin('other', 'other', 'hi')
    await client.stop(conversation, 'other')
    expect(server.turns.get('other')?.isStopped).toBe(true)
    server.faults.push(...Array.from({ length: 6 }, () => 'lost' as const))
    const failed = client.stop(conversation, 'other').catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await failed).toMatchObject({ code: 'unreachable' })
  })
})

describe('following', () => {
  it('gives nothing where nothing runs, and the question first where something does', async () => {
    const { clock, client, server } = setUp()
    const none = collect(client.follow(conversation))
    await clock.advance(0)
    expect(none).toMatchObject({ events: [], end: 'ended' })
    server.begin('t', 't', 'hi')
    await clock.advance(150)
    const seen = collect(client.follow(conversation))
    await clock.advance(1_000)
    expect(seen).toMatchObject({ events: whole('hi', 't'), end: 'ended' })
  })

  it('is for pages that somebody sees: a hidden one leaves its connection and catches up when it is shown', async () => {
    const { clock, client, server, tab } = setUp({ wordMs: 1_000 })
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    await clock.advance(1_500)
    expect(textOf(seen.events)).toBe('one ')
    tab().tell('hidden')
    await clock.advance(600_000)
    expect(server.turns.get('t')?.readers.size).toBe(0)
    expect(server.requests).toHaveLength(1)
    expect(textOf(seen.events)).toBe('one ')
    tab().tell('visible')
    await clock.advance(10)
    expect(seen).toMatchObject({ events: whole('hi', 't'), end: 'ended' })
    expect(server.requests.at(-1)).toEqual({ method: 'GET', turnId: 't', after: '2' })
  })

  it('ends without an error when its reader leaves, and keeps no connection', async () => {
    const { clock, client, server } = setUp({ wordMs: 1_000 })
    const left = new AbortController()
    const seen = collect(client.send(conversation, { message: 'hi', turnId: 't' }, { signal: left.signal }))
    await clock.advance(1_500)
    left.abort()
    await clock.advance(0)
    expect(seen.end).toBe('ended')
    expect(server.turns.get('t')?.readers.size).toBe(0)
    expect(server.turns.get('t')?.isStopped).toBe(false)
  })
})

describe('a message that no server has', () => {
  it('outlives a reload, and goes once, whether or not the first request arrived', async () => {
    for (const fault of ['lost', 'unanswered'] as const) {
      const { clock, client, server, reload } = setUp()
      server.faults.push(fault)
      collect(client.send(conversation, { message: 'hi', turnId: 't' }))
      const next = reload()
      const [unsent] = next.unsent(conversation)
      expect(unsent).toMatchObject({ message: 'hi', turnId: 't' })
      if (!unsent) continue
      const seen = collect(next.send(conversation, unsent))
      await clock.advance(2_000)
      expect(seen).toMatchObject({ events: whole('hi', 't'), end: 'ended' })
      expect(server.runs).toEqual(['t'])
      expect(next.unsent(conversation)).toEqual([])
    }
  })

  it('is kept no longer once the page says so, and the others are', async () => {
    const { client, server, reload } = setUp()
    server.faults.push('lost', 'lost')
    collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    collect(client.send(conversation, { message: 'again', turnId: 'u' }))
    const next = reload()
    next.forgetUnsent(conversation, 't')
    expect(next.unsent(conversation)).toMatchObject([{ turnId: 'u' }])
    expect(reload().unsent(conversation)).toMatchObject([{ turnId: 'u' }])
  })

  it('is not there for another user, after a sign-out, or where content is not kept', async () => {
    const { clock, client, server, tab } = setUp()
    server.faults.push('lost')
    collect(client.send(conversation, { message: 'hi', turnId: 't' }))
    expect(client.unsent({ ...conversation, userId: 'other' })).toEqual([])
    tab().storage().setItem(epochKey('claude-session-storage', 'u'), 'signed out since')
    expect(client.unsent(conversation)).toEqual([])
    const careful = createTurnClient({
      api: '/api/turn',
      fetch: server.fetch,
      clock,
      browser: tab().browser,
      persistContent: false,
    })
    server.faults.push('lost')
    collect(careful.send(conversation, { message: 'hi', turnId: 't2' }))
    expect(careful.unsent(conversation)).toEqual([])
  })
})

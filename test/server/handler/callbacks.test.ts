import { describe, expect, it } from 'vitest'
import { tabKey } from '../../../src/core/tab-key.js'
import { init, never, ok, scriptedAgent, text } from '../scripted-agent.js'
import { conversation, post, reading, setUpHandler } from './handler-setup.js'

const key = tabKey({ userId: 'ada', workspace: conversation.workspace, tabId: conversation.conversationId })
const answer = [init('s2'), text('Hello'), ok('s2')]
const boom = () => {
  throw new Error('boom')
}

describe('waitUntil', () => {
  it('gets the turn once, as a promise that resolves when all is stored, though the reader has left', async () => {
    const given: Promise<unknown>[] = []
    let store = () => {}
    const setup = setUpHandler(scriptedAgent(answer), {
      waitUntil: (turn) => given.push(turn),
      onAnswer: () =>
        new Promise<void>((resolve) => {
          store = resolve
        }),
    })
    reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))).cancel()
    await setup.clock.advance(1_000)
    expect(given).toHaveLength(1)
    let hasEnded = false
    void given[0]?.then(() => {
      hasEnded = true
    })
    await setup.clock.advance(1_000)
    expect(hasEnded).toBe(false)
    store()
    await setup.clock.advance(0)
    expect(hasEnded).toBe(true)
    expect(await setup.sessions.getTurn(key, 't1')).toMatchObject({ state: 'done' })
    // Sent again it is followed, not run.
    await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    expect(given).toHaveLength(1)
  })

  it('resolves too when the turn fails or never starts', async () => {
    for (const wrong of [{ onQuestion: boom }, { run: boom }, { onAnswer: boom }]) {
      const given: Promise<unknown>[] = []
      const setup = setUpHandler(scriptedAgent(answer), { waitUntil: (turn) => given.push(turn), ...wrong })
      const response = setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
      await expect.poll(() => given.length, { interval: 1 }).toBe(1)
      await setup.clock.advance(60_000)
      await expect(given[0]).resolves.toBeUndefined()
      await response
      expect(setup.errors.length).toBeGreaterThan(0)
    }
  })

  it.each([['throws', boom] as const, ['rejects', async () => boom()] as const])(
    'that %s costs nothing: the turn runs, and onError is told',
    async (_, waitUntil) => {
      const setup = setUpHandler(scriptedAgent(answer), { waitUntil })
      const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
      await setup.clock.advance(1_000)
      expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
      expect(setup.errors).toMatchObject([{ message: 'boom' }])
    },
  )

  it('is not needed: without it the turn outlives its reader in a process that keeps running', async () => {
    const setup = setUpHandler(scriptedAgent(answer))
    reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))).cancel()
    await setup.clock.advance(1_000)
    expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hello', outcome: 'done' })
  })
})

describe('rehydrate', () => {
  /** A conversation whose agent session is gone, and what the agent of its next turn is asked. */
  async function lost(options: Parameters<typeof setUpHandler>[1]) {
    const agent = scriptedAgent([new Error('no session s1')], answer)
    const setup = setUpHandler(agent, options)
    await setup.sessions.set(key, 's1')
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(1_000)
    return { ...setup, read, contexts: () => agent.requests.map(({ context }) => context) }
  }

  it('gives a fresh run what it should know, and is told why', async () => {
    const { read, contexts, answers } = await lost({ rehydrate: async ({ reason }) => `a summary, as it is ${reason}` })
    expect(contexts()).toEqual([undefined, 'a summary, as it is stale'])
    expect(read.events()).toContainEqual({ type: 'recovered', reason: 'stale', contextLost: true })
    expect(answers.get('t1.answer')).toMatchObject({ text: 'Hello', outcome: 'done', contextLost: true })
  })

  it('may be left out, or know nothing: the context is lost, and says so', async () => {
    for (const options of [{}, { rehydrate: () => undefined }]) {
      const { read, contexts, errors } = await lost(options)
      expect(contexts()).toEqual([undefined, undefined])
      expect(read.events()).toContainEqual({ type: 'recovered', reason: 'stale', contextLost: true })
      expect(read.text()).toBe('Hello')
      expect(errors).toEqual([])
    }
  })

  it.each([['throws', boom] as const, ['rejects', async () => boom()] as const])(
    'that %s costs no answer: the agent does without, and onError is told',
    async (_, rehydrate) => {
      const { read, contexts, errors, answers } = await lost({ rehydrate })
      expect(contexts()).toEqual([undefined, undefined])
      expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
      expect(answers.get('t1.answer')).toMatchObject({ text: 'Hello', contextLost: true })
      expect(errors).toMatchObject([{ message: 'boom' }])
    },
  )

  it('that never answers is waited for 10 s, and told so by its signal', async () => {
    const signals: AbortSignal[] = []
    const { read, clock, contexts, errors } = await lost({
      rehydrate: ({ signal }) => {
        signals.push(signal)
        return never
      },
    })
    expect(contexts()).toEqual([undefined])
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(10_000)
    expect(signals[0]?.aborted).toBe(true)
    expect(contexts()).toEqual([undefined, undefined])
    expect(read.text()).toBe('Hello')
    expect(errors).toMatchObject([{ message: 'rehydrate took longer than 10000 ms.' }])
  })
})

import { describe, expect, it } from 'vitest'
import { createStreamParser } from '../../../src/core/turn-stream.js'
import { ask, conversation, post, reading, setUpHandler } from '../../server/handler/handler-setup.js'
import { init, ok, scriptedAgent, text, untilAborted } from '../../server/scripted-agent.js'
import { endlessBody } from '../../support/endless-body.js'

const mallory = { 'x-user': 'mallory' }
const answer = [init('session-of-the-agent'), text('Hello'), ok('session-of-the-agent')]

/** Ada's turn in mid-answer. */
async function running() {
  const agent = scriptedAgent((request) => [init('session-of-the-agent'), text('for Ada'), untilAborted(request)])
  const setup = setUpHandler(agent)
  const read = reading(await setup.handler.POST(post({ turnId: 't1', messageId: 'm1', message: 'my secret' })))
  await setup.clock.advance(0)
  return { ...setup, read, agent }
}

describe('someone who knows every id but is not the user', () => {
  it('sees, follows and stops nothing, in this process or another', async () => {
    const { handler, another, read, clock } = await running()
    for (const attacked of [handler, another(scriptedAgent())]) {
      expect((await attacked.GET(ask('GET', {}, mallory))).status).toBe(204)
      expect((await attacked.GET(ask('GET', { turnId: 't1' }, mallory))).status).toBe(404)
      expect((await attacked.DELETE(ask('DELETE', { turnId: 't1' }, mallory))).status).toBe(404)
    }
    await clock.advance(5_000)
    expect(read.isOver()).toBe(false)
  })

  it('runs a turn of their own under the same ids, whose answer the app stores as theirs', async () => {
    const { handler, clock, answers, questions } = setUpHandler(scriptedAgent(answer, answer))
    await handler.POST(post({ turnId: 't1', messageId: 'm1', message: 'Hi' }))
    await clock.advance(1_000)
    expect(answers.get('m1.answer')).toMatchObject({ userId: 'ada' })
    await handler.POST(post({ turnId: 't1', messageId: 'm1', message: 'Mine' }, mallory))
    await clock.advance(1_000)
    // By the message's id alone it would have replaced Ada's: every call says whose it is.
    expect(answers.get('m1.answer')).toMatchObject({ userId: 'mallory', ...conversation })
    expect(questions.get('m1')).toMatchObject({ userId: 'mallory', ...conversation })
  })

  it('names no other user in a body or an address', async () => {
    const { handler, clock, questions } = setUpHandler(scriptedAgent(answer))
    await handler.POST(post({ turnId: 't1', message: 'Hi', userId: 'ada', key: 'ada::w::c' }, mallory))
    await clock.advance(1_000)
    expect(questions.get('t1')).toMatchObject({ userId: 'mallory' })
    expect((await handler.GET(new Request(`${ask('GET').url}&userId=mallory`))).status).toBe(401)
  })
})

describe('bodies', () => {
  it('of a form, of another site’s script, or without a type are not read', async () => {
    const { handler } = setUpHandler(scriptedAgent())
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      '',
      'application/jsonp',
    ]) {
      const request = new Request('http://localhost/', {
        method: 'POST',
        body: '{}',
        headers: { 'Content-Type': type },
      })
      expect((await handler.POST(request)).status).toBe(415)
      expect(request.bodyUsed).toBe(false)
    }
  })

  it('are read up to their limit only, whatever their header says', async () => {
    const endless = endlessBody()
    const { handler } = setUpHandler(scriptedAgent())
    const headers = { 'Content-Type': 'application/json', 'Content-Length': '2' }
    const response = await handler.POST(new Request('http://localhost/', { ...endless.init, headers }))
    expect(response.status).toBe(413)
    expect(endless.given()).toBeLessThan(640 * 1024)
    expect(endless.isCancelled()).toBe(true)
  })

  it('of every wrong kind are refused with a status of 4xx, and start nothing', async () => {
    const agent = scriptedAgent()
    const { handler, errors } = setUpHandler(agent)
    const good = { turnId: 't1', message: 'Hi' }
    const bodies = [
      'null',
      '[]',
      '"x"',
      '{',
      '',
      '{"__proto__":{"turnId":"t1"}}',
      JSON.stringify({ ...conversation, ...good, workspace: 'w\0' }),
      JSON.stringify({ ...conversation, ...good, conversationId: '\ud800' }),
      JSON.stringify({ ...conversation, ...good, conversationId: 'x'.repeat(201) }),
      JSON.stringify({ ...conversation, ...good, turnId: 't1\nid: t2/1' }),
      JSON.stringify({ ...conversation, ...good, turnId: ['t1'] }),
      JSON.stringify({ ...conversation, ...good, message: { text: 'Hi' } }),
      JSON.stringify({ ...conversation, ...good, message: 'x'.repeat(8_001) }),
    ]
    for (const body of bodies) {
      const headers = { 'Content-Type': 'application/json', 'x-user': 'ada' }
      const response = await handler.POST(new Request('http://localhost/', { method: 'POST', body, headers }))
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
    }
    for (const after of ['-1', '1.5', 'NaN', '1e3', '']) {
      const url = `${ask('GET', { turnId: 't1' }).url}&after=${after}`
      expect((await handler.GET(new Request(url, { headers: { 'x-user': 'ada' } }))).status).toBe(400)
    }
    expect(agent.requests).toHaveLength(0)
    expect(errors).toEqual([])
  })
})

describe('what goes to the browser', () => {
  it('forges no event: texts, data and ids stay within theirs', async () => {
    const forged = 'x\n\nid: t1/99\ndata: {"type":"done","kept":true}\n\n\r\n\r\n\u2028\u0085'
    const setup = setUpHandler(scriptedAgent([init('s1'), text(forged), ok('s1')]), {
      toClient: (message) => (message.type === 'text' ? { text: message.text, data: { [forged]: forged } } : undefined),
    })
    const response = await setup.handler.POST(post({ turnId: 't1', message: forged }))
    await setup.clock.advance(1_000)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const events = createStreamParser()(bytes).map(({ event }) => event)
    expect(events.map(({ type }) => type)).toEqual(['turn', 'started', 'text', 'data', 'done'])
    expect(events).toContainEqual({ type: 'text', text: forged })
    expect(events[0]).toMatchObject({ message: forged })
  })

  it('never holds the agent’s session, an error’s words, or what the stores say', async () => {
    const secret = 'session-of-the-agent'
    const failing = [
      setUpHandler(scriptedAgent(answer)),
      setUpHandler(scriptedAgent([init(secret), text('Hi'), new Error(`no session ${secret}`)])),
      setUpHandler(scriptedAgent([new Error(secret)])),
      setUpHandler(scriptedAgent(), { onQuestion: () => Promise.reject(new Error(secret)) }),
      setUpHandler(scriptedAgent(), { authorize: () => Promise.reject(new Error(secret)) }),
      setUpHandler(scriptedAgent(answer), { onAnswer: () => Promise.reject(new Error(secret)) }),
      setUpHandler(scriptedAgent(answer), {}, { log: () => ({ append: () => Promise.reject(new Error(secret)) }) }),
      setUpHandler(scriptedAgent(), {}, { sessions: () => ({ beginTurn: () => Promise.reject(new Error(secret)) }) }),
    ]
    for (const { handler, clock } of failing) {
      const response = await handler.POST(post({ turnId: 't1', message: 'Hi' }))
      const sent = response.text()
      await clock.advance(30_000)
      expect(`${await sent} ${JSON.stringify([...response.headers])}`).not.toContain(secret)
      for (const request of [ask('GET', { turnId: 't1' }), ask('DELETE', { turnId: 't1' })]) {
        const other = await handler.fetch(request)
        const text = other.text()
        await clock.advance(30_000)
        expect(await text).not.toContain(secret)
      }
    }
  })

  it('is kept by no cache, the app’s own refusals included', async () => {
    const { handler, clock } = setUpHandler(scriptedAgent(answer))
    const responses = [
      await handler.GET(ask('GET')),
      await handler.GET(new Request(ask('GET').url)),
      await handler.GET(ask('GET', { turnId: 'x' })),
      await handler.fetch(new Request('http://localhost/', { method: 'PATCH' })),
      await handler.POST(post({ turnId: 't1', message: 'Hi' })),
    ]
    await clock.advance(1_000)
    responses.push(await handler.DELETE(ask('DELETE', { turnId: 't1' })))
    for (const { headers } of responses) expect(headers.get('Cache-Control')).toContain('no-store')
  })
})

describe('readers', () => {
  it('a thousand who attach and leave in mid-answer hold nothing up, and the answer is stored', async () => {
    const setup = await running()
    const readers = []
    for (let n = 0; n < 1_000; n += 1) readers.push(reading(await setup.handler.GET(ask('GET'))))
    await setup.clock.advance(40)
    for (const read of readers) {
      expect(read.text()).toBe('for Ada')
      read.cancel()
    }
    await setup.handler.DELETE(ask('DELETE', { turnId: 't1' }))
    await setup.clock.advance(1_000)
    expect(setup.answers.get('m1.answer')).toMatchObject({ outcome: 'stopped' })
  })

  it('who never take a byte cost no timer that keeps the process, and do not hold the turn', async () => {
    const setup = await running()
    for (let n = 0; n < 100; n += 1) await setup.handler.GET(ask('GET'))
    await setup.handler.DELETE(ask('DELETE', { turnId: 't1' }))
    await setup.clock.advance(1_000)
    expect((await setup.handler.GET(ask('GET'))).status).toBe(204)
  })
})

describe('a conversation that was forgotten', () => {
  it('has no log, no turns and no session; what still runs stops and writes no more', async () => {
    const { forgetConversation } = await import('../../../src/server/handler/forget-conversation.js')
    const { tabKey } = await import('../../../src/core/tab-key.js')
    const { sessions, log, handler, another, clock, read } = await running()
    const key = tabKey({ userId: 'ada', workspace: conversation.workspace, tabId: conversation.conversationId })
    await forgetConversation({ sessions, log }, key)
    expect(await log.read(key, 't1', { after: 0, signal: new AbortController().signal })).toBeUndefined()
    expect((await another(scriptedAgent()).GET(ask('GET', { turnId: 't1' }))).status).toBe(404)
    await clock.advance(40_000)
    expect(read.events().at(-1)).toMatchObject({ type: 'error', code: 'lease-lost' })
    expect(await log.read(key, 't1', { after: 0, signal: new AbortController().signal })).toBeUndefined()
    expect((await handler.GET(ask('GET'))).status).toBe(204)
  })
})

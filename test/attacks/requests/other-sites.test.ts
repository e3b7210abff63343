import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { hostCheck, sameOrigin } from '../../../examples/chat/server/own-address.js'
import { ask, post, setUpHandler } from '../../server/handler/handler-setup.js'
import { init, ok, scriptedAgent, text } from '../../server/scripted-agent.js'

// The browser of Ada, who is signed in, is on a page of another site. test/attacks/sessions and turns try forms of every type.

describe('the example’s server', () => {
  const app = new Hono()
  app.use(hostCheck(['chat.example']), sameOrigin)
  app.all('/api/do', (c) => c.text('done'))
  const status = async (method: string, url: string, headers: Record<string, string>) =>
    (await app.request(url, { method, headers })).status

  it('does nothing for a page of another origin, whatever its name looks like', async () => {
    const url = 'http://localhost:8080/api/do'
    const own = { Host: 'localhost:8080' }
    expect(await status('POST', url, { ...own, Origin: 'http://localhost:8080' })).toBe(200)
    const others = [
      'null',
      '',
      'http://localhost', // cookies do not know ports
      'http://localhost:8081',
      'http://localhost:8080.evil.example',
      'http://evil.example/localhost:8080',
      'http://evil.example#localhost:8080',
      'http://localhost:8080@evil.example',
      'https://evil.example',
      'file://',
    ]
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const Origin of others)
        expect([method, Origin, await status(method, url, { ...own, Origin })]).toEqual([method, Origin, 403])
    }
  })

  it('answers to no name that another site can have lead here', async () => {
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      'chat.example.evil.example',
      '127.0.0.1.nip.example',
      '0.0.0.0',
    ]) {
      for (const method of ['GET', 'POST']) {
        expect([host, await status(method, `http://${host}:8080/api/do`, { Host: `${host}:8080` })]).toEqual([
          host,
          421,
        ])
      }
    }
  })
})

describe('the turn handler', () => {
  it('takes no method from a header, a field or an address: a form of another site stops and starts nothing', async () => {
    const agent = scriptedAgent([init('s1'), text('Hello'), ok('s1')])
    const { handler, clock, questions } = setUpHandler(agent)
    await handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await clock.advance(1_000)
    for (const header of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      const { url } = ask('DELETE', { turnId: 't1' })
      const form = new Request(`${url}&_method=DELETE`, {
        method: 'POST',
        headers: { 'x-user': 'ada', [header]: 'DELETE', 'Content-Type': 'application/x-www-form-urlencoded' },
        body: '_method=DELETE&turnId=t2&message=Hi',
      })
      expect((await handler.fetch(form)).status).toBe(415)
      // An image or a link.
      const get = new Request(`${ask('GET').url}&message=Hi&turnId=t2&_method=POST`, {
        headers: { 'x-user': 'ada', [header]: 'POST' },
      })
      expect((await handler.fetch(get)).status).toBe(404)
    }
    expect([...questions.keys()]).toEqual(['t1'])
    expect(agent.requests).toHaveLength(1)
  })
})

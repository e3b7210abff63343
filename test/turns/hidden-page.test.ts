import { expect, it } from 'vitest'
import { createTurnClient } from '../../src/index.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { conversation, setUpHandler } from '../server/handler/handler-setup.js'
import { init, ok, scriptedAgent, text } from '../server/scripted-agent.js'
import { deferred } from '../support/gated.js'

/** A page that is hidden in mid-answer, and how the turn ends. */
async function hide(options: Parameters<typeof setUpHandler>[1]) {
  const [begun, goOn] = [deferred(), deferred()]
  async function* run({ signal }: { readonly signal: AbortSignal }) {
    begun.open()
    yield init('s1')
    yield text('one ')
    await Promise.race([goOn.p, new Promise((resolve) => signal.addEventListener('abort', resolve))])
    if (signal.aborted) throw new Error('Operation aborted')
    yield text('two')
    yield ok('s1')
  }
  const { clock, handler, answers } = setUpHandler(scriptedAgent(), { run, ...options })
  const tab = fakeBrowser().openTab()
  const requests: string[] = []
  const client = createTurnClient({
    api: 'http://localhost/api/turn',
    clock,
    browser: tab.browser,
    fetch(url, init) {
      requests.push(init.method ?? 'GET')
      return handler.fetch(new Request(url, { ...init, headers: { ...init.headers, 'x-user': 'ada' } }))
    },
  })
  let said = ''
  const reading = (async () => {
    for await (const event of client.send({ userId: 'ada', ...conversation }, { message: 'hi', turnId: 't' })) {
      if (event.type === 'text') said += event.text
    }
  })()
  // The message is hashed in the machine's own time: were the clock moved meanwhile, the client would give up on a busy machine.
  await begun.p
  while (said === '') await clock.advance(10)
  tab.tell('hidden')
  await clock.advance(1_000)
  goOn.open()
  await clock.advance(2_000)
  const whileHidden = said
  tab.tell('visible')
  await clock.advance(2_000)
  await reading
  return { requests, whileHidden, said, outcome: answers.get('t.answer')?.outcome }
}

it.each([
  ['a log', {}],
  ['`continue`', { log: false, onDisconnect: 'continue' }],
] as const)('a hidden page leaves its connection where the turn continues without it: with %s', async (_, options) => {
  expect(await hide(options)).toMatchObject({ requests: ['POST', 'GET'], whileHidden: 'one ', outcome: 'done' })
})

it('a hidden page reads on where the turn would end with its reader', async () => {
  expect(await hide({ log: false })).toEqual({
    requests: ['POST'],
    whileHidden: 'one two',
    said: 'one two',
    outcome: 'done',
  })
})

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import * as z from 'zod/mini'
import { reading } from '../server/handler/handler-setup.js'
import { type Demo, setUpDemo } from './demo.js'

const exitReport = z.object({ exitCalled: z.boolean(), waitedMs: z.number() })

/** The demo, watched as it ends. */
async function setUp(options: { agentPace?: number } = {}) {
  const watch = pathToFileURL('test/support/watch-exit.mjs')
  const demo = await setUpDemo({ ...options, preload: watch })
  onTestFinished(() => demo.end())
  const report = join(demo.dataDir, '..', 'exit-report.json')
  watch.searchParams.set('report', report)
  return {
    demo,
    /** Stops the server; how it ended. */
    async stop() {
      const code = await demo.stop()
      return { code, ...exitReport.parse(JSON.parse(await readFile(report, 'utf8'))) }
    },
  }
}

/** As Postgres keeps it in its control file: what a start has to recover from. */
async function databaseState({ dataDir }: Demo): Promise<'shut down' | 'in production' | number> {
  const state = (await readFile(join(dataDir, 'database/global/pg_control'))).readUInt32LE(16)
  return state === 1 ? 'shut down' : state === 6 ? 'in production' : state
}

/** A guest who asks over HTTP. */
async function guest(address: string) {
  const page = await fetch(`${address}/chat`)
  await page.text()
  const workspace = 'demo.alive.best'
  const headers = { cookie: page.headers.get('set-cookie')?.split(';')[0] ?? '', 'Content-Type': 'application/json' }
  return {
    send: (message: string, messageId: string) =>
      fetch(`${address}/api/turn`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ workspace, conversationId: 'c', messageId, turnId: crypto.randomUUID(), message }),
      }),
    messages: async (): Promise<unknown> =>
      (await fetch(`${address}/api/conversations/c/messages`, { headers })).json(),
  }
}

/**
 * The demo ends in less than half a second on a machine that does nothing else. How much longer a busy one takes says
 * nothing about the demo, so the tests count the time it waits, for a timer or an answer, while it could have ended.
 */
const endedByItself = {
  code: 0,
  exitCalled: false,
  waitedMs: expect.toSatisfy((ms: number) => ms < 500, 'below 500'),
}

it('ends at once on SIGTERM and closes its database', async () => {
  const { demo, stop } = await setUp()
  await demo.start()
  expect(await databaseState(demo)).toBe('in production')
  expect(await stop()).toEqual(endedByItself)
  expect(await databaseState(demo)).toBe('shut down')
})

it('ends as fast in mid-answer: the answer is kept as far as it came, and the conversation is free at once', async () => {
  const { demo, stop } = await setUp({ agentPace: 5 })
  const { send, messages } = await guest(await demo.start())
  const answer = reading(await send('my name is Ada', 'first'))
  await expect.poll(() => answer.text()).not.toBe('')
  const ended = stop()
  // The end, or a connection that breaks: never the whole answer.
  await answer.ended.catch(() => {})
  expect(answer.events().at(-1)).not.toMatchObject({ type: 'done' })
  expect(await ended).toEqual(endedByItself)
  expect(await databaseState(demo)).toBe('shut down')

  await demo.start()
  expect(await messages()).toMatchObject({
    messages: [{ role: 'user' }, { role: 'assistant', outcome: 'interrupted' }],
  })
  const again = await send('my name is Ada', 'second')
  expect(again.status).toBe(200)
  await again.body?.cancel()
})

it('ends as fast after an answer whose reader left', async () => {
  const { demo, stop } = await setUp({ agentPace: 5 })
  const { send } = await guest(await demo.start())
  const answer = await send('my name is Ada', 'first')
  expect(answer.status).toBe(200)
  await answer.body?.cancel()
  expect(await stop()).toEqual(endedByItself)
  expect(await databaseState(demo)).toBe('shut down')
})

it('is killed in mid-answer: the page says that the answer is not whole, and “Retry” gets it', async () => {
  const { demo } = await setUp({ agentPace: 3 })
  await demo.start()
  const page = await demo.open('/chat')
  await page.getByTestId('composer').fill('tell me a story')
  await page.getByTestId('composer').press('Enter')
  await page.locator('.writing').waitFor()
  await demo.kill()
  await page.locator('[data-topic=offline]').waitFor()
  await demo.start()
  // Its lease runs for six seconds: as long nobody knows whether it still answers.
  await page.getByTestId('retry').click()
  await page.locator('.writing').getByText('There was once').waitFor()
  expect(await page.locator('[data-role=user]').count()).toBe(1)
})

it('starts anew on the data of an earlier version, and leaves that as it is', async () => {
  const { demo } = await setUp()
  const older = join(demo.dataDir, 'supabase')
  await mkdir(older, { recursive: true })
  await writeFile(join(older, 'PG_VERSION'), '16')
  expect(await fetch(`${await demo.start()}/chat`)).toMatchObject({ status: 200 })
  expect(await databaseState(demo)).toBe('in production')
  expect(await readFile(join(older, 'PG_VERSION'), 'utf8')).toBe('16')
})

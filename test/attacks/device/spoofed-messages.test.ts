import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epochKey } from '../../../src/core/keys-and-ids.js'
import { name, openOrigin } from './origin.js'

// Any script of the origin can post on the channel and write to localStorage. It may annoy, and costs no word that was said.

const say = (text: string) => ({ role: 'user' as const, text })
const ids = ['c1', 'c2', 'never-begun', '__proto__']
const id = fc.constantFrom(...ids)
const page = fc.constantFrom('', 'page', '00000000-0000-4000-8000-000000000000')
const since = fc.constantFrom(-1e300, 0, Date.UTC(2026, 0, 1), 1e300)

const message = fc.oneof(
  fc.record({ type: fc.constant('held'), id, since, from: page }),
  fc.record({ type: fc.constant('ask'), id, from: page, why: fc.constantFrom('back', 'take', 'because') }),
  fc.record({ type: fc.constant('released'), id }),
  fc.record({ type: fc.constant('changed'), ids: fc.array(id, { maxLength: 3 }) }),
  fc.constant({ type: 'signed-out', keepHistory: false }),
  fc.jsonValue(),
)
const key = fc.constantFrom(
  null,
  undefined,
  name,
  `${name}/`,
  `${name}/part/ada/w/c1/x`,
  `${name}/removed/ada/c1`,
  epochKey(name, 'ada'),
)
const step = fc.oneof(
  message.map((data) => ({ data })),
  key.map((changed) => ({ changed })),
  fc.constantFrom({ ms: 100 }, { ms: 5_000 }),
)

/** Two tabs of Ada, each in a conversation, and one of Bob. */
async function setUp() {
  const origin = openOrigin()
  const { openPage, soon } = origin
  const open = async (userId: string, conversationId: string) => {
    const opened = openPage({ userId })
    await soon(opened.store.initConversation('w', { conversationId, createUnknown: true }))
    opened.store.recordMessage(say('hello'))
    await soon(opened.store.flush())
    return opened
  }
  const pages = [await open('ada', 'c1'), await open('ada', 'c2'), await open('bob', 'c1')]
  return { ...origin, pages }
}

/** What a page that opens now finds. */
async function counts({ openPage, soon }: Awaited<ReturnType<typeof setUp>>, userId: string) {
  const { store, close } = openPage({ userId })
  await soon(store.initConversation('elsewhere'))
  const rows = store.getState().sessions
  close()
  return Object.fromEntries(rows.map((row) => [row.conversationId, row.messageCount]))
}

describe('forged messages', () => {
  it('and storage events lose, double and mix up nothing that is said at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const world = await setUp()
        const { pages, pass, shout, soon } = world
        let said = 1
        for (const one of steps) {
          if ('data' in one) await shout(one.data)
          else if ('ms' in one) await pass(one.ms)
          else
            for (const { tab } of pages)
              tab.events.dispatchEvent(Object.assign(new Event('storage'), { key: one.changed }))
          said++
          for (const [index, { store }] of pages.entries()) {
            store.recordMessage({ ...say(`word ${said}`), conversationId: index === 1 ? 'c2' : 'c1' })
          }
        }
        await pass(10_000)
        for (const { store } of pages) await soon(store.flush())
        expect(await counts(world, 'ada')).toMatchObject({ c1: said, c2: said })
        expect(await counts(world, 'bob')).toEqual({ c1: said })
        for (const { events } of pages) expect(events).not.toContain('signed-out')
      }),
      { numRuns: process.env.LEFTOFF_SOAK === '1' ? 2_000 : 10 },
    )
  })

  it('of a sign-out delete nothing: without a new epoch nobody signed out', async () => {
    const world = await setUp()
    await world.shout({ type: 'signed-out', keepHistory: false })
    await world.pass(60_000)
    for (const { store } of world.pages) expect(store.getState().status).toBe('ready')
    // Kept, the history is only closed: that is what any script of the page may do itself.
    await world.shout({ type: 'signed-out', keepHistory: true })
    await world.pass(60_000)
    expect(await counts(world, 'ada')).toEqual({ c1: 1, c2: 1 })
    expect(await counts(world, 'bob')).toEqual({ c1: 1 })
  })

  it('by the hundred cost a page no more than their reading', async () => {
    const { pages, shout, soon } = await setUp()
    for (let count = 0; count < 300; count++) {
      await shout({ type: 'held', id: `made-up-${count}`, since: 0, from: `page-${count}` })
      await shout({ type: 'changed', ids: [`made-up-${count}`] })
    }
    const [first] = pages
    if (!first) throw new Error('There is one.')
    first.store.recordMessage(say('still here'))
    await soon(first.store.flush())
    expect(first.store.getState().sessions.find(({ conversationId }) => conversationId === 'c1')).toMatchObject({
      messageCount: 2,
    })
  })
})

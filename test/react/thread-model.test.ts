import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Fault } from '../turns/turn-server.js'
import { setUpThread } from './thread-setup.js'

/** What may happen to a person's chat. */
type Deed =
  | { readonly do: 'send' | 'stop' | 'retry' | 'reload' | 'hide' | 'show' | 'break loads' | 'mend loads' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'fault'; readonly fault: Fault }

/** Who does it: the tab that has the conversation, or one that watches it. */
type Step = Deed & { readonly in: 0 | 1 }

const plain = ['send', 'stop', 'retry', 'reload', 'hide', 'show', 'break loads', 'mend loads'] as const
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Deed>({ do: 'send' }) },
  { weight: 6, arbitrary: fc.constantFrom(...plain).map((what): Deed => ({ do: what })) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(0, 50, 400, 1_500, 4_000, 20_000, 70_000).map((ms): Deed => ({ do: 'wait', ms })),
  },
  {
    weight: 5,
    arbitrary: fc
      .oneof(
        fc.constantFrom<Fault>('lost', 'unanswered', 'hangs', { status: 503 }, { status: 500 }),
        fc.nat(4).map((cutAfter): Fault => ({ cutAfter })),
      )
      .map((fault): Deed => ({ do: 'fault', fault })),
  },
)

const step: fc.Arbitrary<Step> = fc
  .tuple(deed, fc.constantFrom(0 as const, 0 as const, 1 as const))
  .map(([what, tab]) => ({ ...what, in: tab }))

/** Two tabs with one conversation, after what happened to them. */
async function happen(steps: readonly Step[], wordMs: number) {
  const { clock, server, shown, open, openTab } = await setUpThread({ wordMs })
  let areLoadsDown = false
  const loads = async () => {
    if (areLoadsDown) throw new Error('down')
    return structuredClone(server.messages)
  }
  const first = await open({ loads })
  const { conversationId } = first.conversation
  // Something is stored of it, so that a link to it leads there.
  first.store.recordMessage({ conversationId, messageId: 'm', role: 'user', text: 'Hello' })
  server.messages.push({ id: 'm', role: 'user', text: 'Hello', at: 1 })
  server.messages.push({ id: 'm.answer', role: 'assistant', text: 'Hi', at: 1 })
  await first.store.flush()
  const pages = [first, await open({ loads, at: openTab(), conversationId })]
  const pageOf = (index: number) => pages[index] ?? first
  async function reload(index: number): Promise<void> {
    const { thread, tab } = pageOf(index)
    thread.leave() // no script of the page runs on
    pages[index] = await open({ loads, at: tab.reload(), conversationId })
  }

  let sent = 0
  for (const one of steps) {
    const { thread, view, tab } = pageOf(one.in)
    if (one.do === 'wait') await clock.advance(one.ms)
    else if (one.do === 'fault') server.faults.push(one.fault)
    else if (one.do === 'send') thread.send(`message ${sent++}`)
    else if (one.do === 'stop') thread.stop()
    else if (one.do === 'retry') thread.retry(view().notices.find(({ canRetry }) => canRetry)?.id)
    else if (one.do === 'reload') await reload(one.in)
    else if (one.do === 'hide') tab.tell('hidden')
    else if (one.do === 'show') tab.tell('visible')
    else areLoadsDown = one.do === 'break loads'
  }
  return {
    clock,
    server,
    shown,
    pages,
    pageOf,
    reload,
    sent,
    conversationId,
    /** All is well again. */
    heal(): void {
      areLoadsDown = false
      server.faults.splice(0)
      for (const { tab } of pages) tab.tell('visible')
    },
  }
}

/** Both tabs have an answer tried again, and neither is heard: once one of them has it, the other is to ask for nothing. */
const triedAgainInBoth: Step[] = [
  { do: 'fault', fault: { status: 500 }, in: 0 },
  { do: 'fault', fault: { status: 500 }, in: 0 },
  { do: 'retry', in: 0 },
  { do: 'wait', ms: 0, in: 0 },
  { do: 'retry', in: 1 },
]

const numRuns = process.env.LEFTOFF_SOAK === '1' ? 2_000 : 40
const steps = fc.array(step, { maxLength: 25 })
const wordMs = fc.constantFrom(20, 700, 5_000)

it('two tabs show each message once at any moment, and in the end exactly what the server stores, all of it counted once', {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(steps, wordMs, async (steps, wordMs) => {
      const { clock, server, shown, pages, pageOf, reload, sent, conversationId, heal } = await happen(steps, wordMs)
      heal()
      await clock.advance(300_000)
      for (const index of [0, 1]) await reload(index)
      await clock.advance(300_000)
      // The person sends again what a page says was not answered.
      const asked = sent + steps.filter(({ do: what }) => what === 'retry').length
      for (let tries = 0; tries < 4 * asked + 2; tries++) {
        const asks = pages.flatMap(({ thread, view }) =>
          view().notices.flatMap(({ id, canRetry }) => (canRetry ? [() => thread.retry(id)] : [])),
        )
        asks[0]?.()
        await clock.advance(asks.length > 0 ? 300_000 : 0)
      }
      for (const index of [0, 1]) await reload(index)
      await clock.advance(60_000)

      const stored = server.messages.map(({ id, text }) => `${id} ${text}`).sort()
      for (const { view, store } of pages) {
        expect(view()).toMatchObject({ status: 'ready', notices: [] })
        expect(
          view()
            .messages.map(({ id, text }) => `${id} ${text}`)
            .sort(),
        ).toEqual(stored)
        await store.flush()
        await store.initConversation('w', { conversationId })
      }
      await clock.advance(60_000)
      expect(pageOf(0).store.getState().sessions).toMatchObject([{ messageCount: stored.length }])
      expect(new Set(server.runs).size).toBe(server.runs.length)
      for (const ids of shown) expect(new Set(ids).size).toBe(ids.length)
    }),
    { numRuns, examples: [[triedAgainInBoth, 20]] },
  )
})

it('after a sign-out no tab shows, keeps or asks for anything of the turns, whatever was going on', {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(steps, wordMs, async (steps, wordMs) => {
      const { clock, server, pages, pageOf, heal } = await happen(steps, wordMs)
      await pageOf(1).store.signOut()
      await clock.advance(100)
      heal()
      await clock.advance(100)
      const requests = server.requests.length
      await clock.advance(300_000)
      expect(server.requests).toHaveLength(requests)
      expect([...server.turns.values()].map(({ readers }) => readers.size)).not.toContain(1)
      for (const { view, tab } of pages) {
        expect(view()).toMatchObject({ messages: [], notices: [] })
        for (const storage of [tab.storage(), tab.sessionStorage]) {
          const kept = Array.from({ length: storage.length }, (_, index) => storage.getItem(storage.key(index) ?? ''))
          expect(kept.join()).not.toMatch(/message |one |Hello/)
        }
      }
    }),
    { numRuns },
  )
})

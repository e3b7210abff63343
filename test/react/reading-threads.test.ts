import { beforeEach, expect, it } from 'vitest'
import { encodeSentEvent } from '../../src/core/turn-stream.js'
import {
  createSessionStore,
  createTurnClient,
  memoryAdapter,
  type SessionStore,
  type TurnClient,
} from '../../src/index.js'
import { readingThreads } from '../../src/react/reading-threads.js'
import { createThread } from '../../src/react/thread.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.js'

let clock: ManualClock
let store: SessionStore
let client: TurnClient
/** The conversations whose streams are open. */
let streams: string[]

beforeEach(async () => {
  clock = manualClock({ now: 1_800_000_000_000 })
  const { browser } = fakeBrowser().openTab()
  store = createSessionStore({ adapter: memoryAdapter(), browser, clock, userId: 'u', snapshot: false })
  streams = []
  // In each conversation an answer is written that does not end.
  client = createTurnClient({
    api: '/api/turn',
    clock,
    browser,
    async fetch(url, { signal }) {
      const id = new URL(url, 'http://localhost').searchParams.get('conversationId') ?? ''
      streams.push(id)
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const events = [
            { type: 'turn', turnId: id, messageId: id, message: `question ${id}` },
            { type: 'text', text: 'answer' },
          ]
          for (const [index, event] of events.entries()) {
            const text = encodeSentEvent(id, index + 1, JSON.stringify(event))
            controller.enqueue(new TextEncoder().encode(text))
          }
          signal?.addEventListener('abort', () => {
            streams.splice(streams.indexOf(id), 1)
            controller.error(signal.reason)
          })
        },
      })
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
    },
  })
  return () => store.dispose()
})

/** What a person does who goes to a conversation, and to another one later. */
async function visit(conversationId: string) {
  const conversation = { userId: 'u', workspace: 'w', conversationId }
  const thread = readingThreads(store).find(client, conversation) ?? createThread(client, conversation, store, clock)
  const close = thread.open(async () => [])
  await clock.advance(100)
  return { close, shown: () => thread.getView().messages.map(({ text }) => text) }
}

it('reads an answer over one connection, however often a person goes away and comes back', async () => {
  for (let count = 0; count < 10; count++) {
    for (const id of ['a', 'b']) {
      const { close, shown } = await visit(id)
      expect(shown()).toEqual([`question ${id}`, 'answer'])
      close()
    }
  }
  expect(streams).toEqual(['a', 'b'])
})

it('leaves the oldest of more than three answers that nobody looks at, and reads them when somebody does again', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) (await visit(id)).close()
  expect(streams).toEqual(['c', 'd', 'e'])
  const { close, shown } = await visit('a')
  expect(shown()).toEqual(['question a', 'answer'])
  expect(streams).toEqual(['c', 'd', 'e', 'a'])
  close()
  expect(streams).toEqual(['d', 'e', 'a'])
})

it('is of one store and one client', async () => {
  const { close } = await visit('a')
  const of = { userId: 'u', workspace: 'w', conversationId: 'a' }
  const other = createSessionStore({ adapter: memoryAdapter(), browser: fakeBrowser().openTab().browser, clock })
  expect(readingThreads(store).find(client, of)).toBeDefined()
  expect(readingThreads(store).find(client, { ...of, userId: 'v' })).toBeUndefined()
  expect(readingThreads(other).find(client, of)).toBeUndefined()
  expect(readingThreads(store).find(createTurnClient({ api: '/other' }), of)).toBeUndefined()
  close()
  other.dispose()
})

it('forgets its threads when the user signs out', async () => {
  const { close, shown } = await visit('a')
  await store.signOut()
  await clock.advance(100)
  expect(shown()).toEqual([])
  expect(streams).toEqual([])
  expect(readingThreads(store).find(client, { userId: 'u', workspace: 'w', conversationId: 'a' })).toBeUndefined()
  close()
})

// A tab that is open for a day: so many conversations, so many turns in them, on a clock that is moved. Prints what is on the heap after a
// fifth of the turns and after all of them, how much is stored then, and what is counted, as JSON.

import { createSessionStore, localStorageAdapter } from 'leftoff'
import { fakeBrowser, manualClock } from 'leftoff/testing'

const [conversations, turns] = [Number(process.argv[2]), Number(process.argv[3])]
const workspace = 'shop'
const day = 86_400_000
const clock = manualClock({ now: Date.UTC(2026, 10, 26) })
const { localStorage, openTab } = fakeBrowser()
const tab = openTab()
const store = createSessionStore({
  adapter: localStorageAdapter(tab),
  browser: tab.browser,
  clock,
  capacity: conversations,
})
// What a page does with the state: it looks at the list.
store.subscribe(({ sessions }) => sessions.length)

await settled(store.initConversation(workspace))
const ids = []
for (let n = 0; n < conversations; n += 1) {
  ids.push(store.newConversation(workspace))
  turn(`Conversation ${n}`)
}
await settled(store.flush())

/** @type {number[]} */
const heaps = []
for (let n = 0; n < turns; n += 1) {
  // Every tenth in another conversation.
  if (n % 10 === 0) await settled(store.switchConversation(ids[(7 * n) % conversations] ?? ''))
  turn(`Turn ${n}`)
  await clock.advance(day / turns)
  if (n + 1 === turns / 5 || n + 1 === turns) heaps.push(heapMB())
}
await settled(store.flush())
const { sessions } = store.getState()
console.log(
  JSON.stringify({
    early: heaps[0],
    late: heaps[1],
    storedMB: storedCharacters() / 1e6,
    conversations: sessions.length,
    messages: sessions.reduce((sum, { messageCount }) => sum + messageCount, 0),
  }),
)
await settled(store.dispose())

/** A question and its answer. @param {string} text */
function turn(text) {
  store.recordMessage({ role: 'user', text })
  store.recordMessage({ role: 'assistant', text: `An answer to ${text}`, usage: { input: 20, output: 40 } })
}

/** Time goes on until it is done. @template T @param {Promise<T>} promise */
async function settled(promise) {
  let isDone = false
  const done = promise.finally(() => {
    isDone = true
  })
  while (!isDone) await clock.advance(100)
  return done
}

function heapMB() {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

function storedCharacters() {
  let sum = 0
  for (let index = 0; index < localStorage.length; index += 1) {
    const key = localStorage.key(index) ?? ''
    sum += key.length + (localStorage.getItem(key)?.length ?? 0)
  }
  return sum
}

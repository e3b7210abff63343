import { beforeAll, expect, it } from 'vitest'
import type {} from '../e2e/storage/storage-page.js'
import type { AdapterName } from '../e2e/storage/storage-site.js'
import type { EnginePage } from '../engines/engine.js'
import { fault } from '../faults/fault.js'
import { startWebKit, type WebKit } from './webkit.js'

let webkit: WebKit

beforeAll(async () => {
  webkit = await startWebKit()
  return () => webkit.end()
})

/** How many of the last 20 messages of a page that goes away are stored, once the next page has had its turn. */
async function kept(adapter: AdapterName, leave: (page: EnginePage) => Promise<void>): Promise<number> {
  const origin = `${leave.name}-${adapter}`
  const opener = await webkit.open(origin, { adapter })
  // A page may close only a window that a script has opened.
  const page = await webkit.opened(opener, () => void window.open(location.href))
  await leave(page)
  const next = await webkit.open(origin, { adapter })
  const counts = await next.evaluate(async () => {
    await window.store.initConversation('shop')
    await window.store.flush()
    return (await window.stored.list('', { limit: 100 })).sessions.map(({ messageCount }) => messageCount)
  })
  await next.close()
  await opener.close()
  expect(counts).toHaveLength(1)
  return Number(counts[0]) - 1
}

function closesItself(page: EnginePage): Promise<void> {
  return webkit.closed(page, async () => {
    await window.store.initConversation('shop')
    window.store.recordMessage({ role: 'user', text: 'Hello' })
    await window.store.flush()
    for (let count = 0; count < 20; count++) window.store.recordMessage({ role: 'user', text: 'One more' })
    window.close()
  })
}

async function isClosed(page: EnginePage): Promise<void> {
  await page.evaluate(async () => {
    await window.store.initConversation('shop')
    window.store.recordMessage({ role: 'user', text: 'Hello' })
    await window.store.flush()
    for (let count = 0; count < 20; count++) window.store.recordMessage({ role: 'user', text: 'One more' })
  })
  await page.close()
}

fault('S38', {
  title: 'a page that closes itself keeps its messages',
  // `window.localStorage` is null once it has, but a Storage object taken before still writes.
  run: async () => ({
    localStorage: await kept('localStorage', closesItself),
    dexie: await kept('dexie', closesItself),
  }),
  seen: { localStorage: 0, dexie: 0 },
  right: { localStorage: 20, dexie: 20 },
})

it.each(['localStorage', 'dexie'] as const)('a page that is closed loses nothing, with %s', async (adapter) => {
  expect(await kept(adapter, isClosed)).toBe(20)
})

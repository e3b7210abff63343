import type { Page } from 'playwright'
import { beforeAll, describe, type ExpectStatic, it } from 'vitest'
import { type StorageBrowser, startStorageBrowser } from '../storage/storage-browser.js'
import { followLink, openShop, placeOf, say } from './shop.js'

/** What the page's script finds instead of the browser's own locks. */
const locks = {
  'answer at once': undefined,
  'answer after 1.2 s': () => {
    const { request } = LockManager.prototype
    LockManager.prototype.request = async function (...args: unknown[]) {
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      return Reflect.apply(request, this, args)
    }
  },
  'answer after 5 s': () => {
    const { request } = LockManager.prototype
    LockManager.prototype.request = async function (...args: unknown[]) {
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      return Reflect.apply(request, this, args)
    }
  },
  'never answer': () => {
    LockManager.prototype.request = () => new Promise(() => {})
  },
  'are missing': () => {
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })
  },
  reject: () => {
    const refuse = () => Promise.reject(new DOMException('The request was denied.', 'SecurityError'))
    Object.assign(LockManager.prototype, { request: refuse, query: refuse })
  },
}
type Locks = keyof typeof locks

const mixed: readonly (readonly [Locks, Locks])[] = [
  ['answer after 1.2 s', 'answer at once'],
  ['answer after 5 s', 'answer at once'],
  ['never answer', 'answer at once'],
  ['are missing', 'answer at once'],
]
const others: readonly (readonly [Locks, Locks])[] = [
  ['reject', 'answer at once'],
  ['answer after 1.2 s', 'answer after 1.2 s'],
  ['answer after 5 s', 'answer after 5 s'],
  ['never answer', 'never answer'],
  ['are missing', 'are missing'],
  ['reject', 'reject'],
]
const pairs = process.env.LEFTOFF_SOAK ? [...mixed, ...others] : mixed

let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

// At once, as they do nothing but wait: each has an origin of its own.
describe.concurrent.each(pairs)('one tab whose locks %s, one whose locks %s', (ofFirst, ofSecond) => {
  const slowestMs = [ofFirst, ofSecond].includes('answer after 5 s') ? 5_000 : 1_200
  const open = async (origin: string, mode: Locks) => {
    const before = locks[mode]
    const name = `${origin}-${pairs.findIndex(([a, b]) => a === ofFirst && b === ofSecond)}`
    return browser.open(name, 'localStorage', before && { before })
  }

  it.for([
    ['first', ofFirst, ofSecond],
    ['second', ofSecond, ofFirst],
  ] as const)(
    'come to one that has the conversation and one that watches it, if the %s of the two is first',
    {
      timeout: 90_000,
    },
    async ([earlier, a, b], { expect }) => {
      const first = await open(earlier, a)
      const id = await openShop(first)
      await say(first, 'Hello')
      const second = await open(earlier, b)
      await followLink(second, id)
      await expectOneOf(expect, first, second, id, slowestMs)
      await Promise.all([first.close(), second.close()])
    },
  )

  it('come to the same when both open it at once', { timeout: 90_000 }, async ({ expect }) => {
    const earlier = await open('at-once', 'answer at once')
    const id = await openShop(earlier)
    await say(earlier, 'Hello')
    await earlier.close()
    const tabs = [await open('at-once', ofFirst), await open('at-once', ofSecond)] as const
    await Promise.all(tabs.map((tab) => followLink(tab, id)))
    await expectOneOf(expect, ...tabs, id, slowestMs)
    await Promise.all(tabs.map((tab) => tab.close()))
  })
})

/** Also after the slowest answer has come in. */
async function expectOneOf(
  expect: ExpectStatic,
  first: Page,
  second: Page,
  id: string,
  slowestMs: number,
): Promise<void> {
  const places = async () => {
    const found = [await placeOf(first), await placeOf(second)]
    return found.map(({ status, conversationId }) => (conversationId === id ? status : 'another')).sort()
  }
  const right = ['ready', 'watching']
  await expect.poll(places).toEqual(right)
  await first.waitForTimeout(slowestMs + 500)
  expect(await places()).toEqual(right)
}

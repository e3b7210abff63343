import type { Browser, Page } from 'puppeteer-core'
import { beforeAll, expect, it } from 'vitest'
import { randomOf } from '../../support/random.js'
import { countTicks, freeze, launchFreezable } from '../tabs/freeze.js'
import { breakableLine } from './breakable-line.js'
import { serveTurnDemo } from './turn-demo.js'

let demo: Awaited<ReturnType<typeof serveTurnDemo>>
let line: Awaited<ReturnType<typeof breakableLine>>
let browser: Browser

beforeAll(async () => {
  demo = await serveTurnDemo()
  line = await breakableLine(demo.port)
  const freezable = await launchFreezable()
  browser = freezable.browser
  return async () => {
    await freezable.end()
    await line.close()
    await demo.close()
  }
})

const words = Array.from({ length: 12 }, (_, index) => `word${index} `)
const rounds = process.env.LEFTOFF_SOAK === '1' ? 100 : 3

const shown = (page: Page) =>
  page.$$eval('.column > article', (articles) =>
    articles.map((one) => one.querySelector('p')?.textContent?.trim() ?? ''),
  )
const count = (page: Page, selector: string) => page.$$eval(selector, ({ length }) => length)

async function openBeside(): Promise<Page> {
  const page = await browser.newPage()
  await countTicks(page)
  return page
}

it(`a page that is frozen at a random moment, ${rounds} times, has each answer whole, once`, {
  timeout: 60_000 + rounds * 3_000,
}, async () => {
  const random = randomOf(22)
  const page = await browser.newPage()
  await page.goto(`${line.address}/chat`)
  await page.waitForSelector('.welcome')
  await countTicks(page)
  const begun = demo.answers.length
  for (let round = 0; round < rounds; round++) {
    const question = `question ${round}`
    const next = demo.nextAnswer()
    await page.type('[data-testid=composer]', question)
    await page.keyboard.press('Enter')
    const answer = await next
    // The first round before the first word.
    const said = round === 0 ? 0 : random.below(words.length)
    for (const word of words.slice(0, said)) answer.say(word)
    await new Promise((resolve) => setTimeout(resolve, random.below(30)))
    const { thaw } = await freeze(page, openBeside)
    const until = random.below(words.length + 1)
    for (const word of words.slice(said, until)) answer.say(word)
    if (until >= words.length) answer.end()
    // As a laptop that is shut: the connection is gone when the page wakes up.
    if (random.chance(0.5)) {
      line.cut()
      line.mend()
    }
    await thaw()
    await page.bringToFront()
    for (const word of words.slice(Math.max(said, until))) answer.say(word)
    answer.end()
    await expect.poll(async () => (await shown(page)).slice(2 * round)).toEqual([question, words.join('').trim()])
    await expect.poll(() => count(page, '[data-testid=answer]')).toBe(0)
  }
  expect(demo.answers.length - begun).toBe(rounds)
  expect(await count(page, '[data-testid=notice]')).toBe(0)
  expect(demo.errors).toEqual([])
  await page.close()
})

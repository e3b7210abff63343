import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { randomOf } from '../../support/random.js'
import type { Answer } from './scripted-answers.js'
import { keepPaints, send, serveTurnDemo, shown } from './turn-demo.js'

let demo: Awaited<ReturnType<typeof serveTurnDemo>>
let browser: Browser

beforeAll(async () => {
  demo = await serveTurnDemo()
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await demo.close()
  }
})

async function guest(): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(`${demo.address}/chat`)
  await page.locator('.welcome').waitFor()
  return page
}

const words = Array.from({ length: 12 }, (_, index) => `word${index} `)

/** Says the words one by one, until `stopAt`, which is where the page is reloaded. */
function sayUntil(answer: Answer, from: number, to: number): void {
  for (const word of words.slice(from, to)) answer.say(word)
}

describe('a reload in mid-answer', () => {
  const rounds = process.env.LEFTOFF_SOAK === '1' ? 100 : 3

  it(`at a random moment, ${rounds} times: each answer is whole, once, and its question is there from the first`, {
    timeout: 60_000 + rounds * 5_000,
  }, async () => {
    const random = randomOf(21)
    const page = await guest()
    const paints = await keepPaints(page)
    const begun = demo.answers.length
    for (let round = 0; round < rounds; round++) {
      const question = `question ${round}`
      const next = demo.nextAnswer()
      await send(page, question)
      const answer = await next
      // The first round before the first word, each later one somewhere between two.
      const cut = round === 0 ? 0 : random.below(words.length)
      sayUntil(answer, 0, cut)
      await new Promise((resolve) => setTimeout(resolve, random.below(30)))
      expect(answer.isOver).toBe(false)
      await page.reload()
      await page.getByTestId('message').getByText(question, { exact: true }).waitFor()
      expect(answer.isOver).toBe(false)
      sayUntil(answer, cut, words.length)
      answer.end()
      await expect.poll(() => shown(page)).toHaveLength(2 * round + 2)
      await expect.poll(() => page.getByTestId('answer').count()).toBe(0)
      expect((await shown(page)).slice(-2)).toEqual([question, words.join('').trim()])
      // The page may be ahead of its next frame.
      await expect.poll(async () => (await paints()).at(-1)).toContain(question)
      const withMessages = (await paints()).filter(({ length }) => length > 0)
      expect(withMessages[0]).toContain(question)
      for (const lines of withMessages) expect(lines.filter((line) => line === question)).toHaveLength(1)
    }
    expect(demo.answers.length - begun).toBe(rounds)
    expect(await page.locator('[data-topic=unanswered], [data-topic=failed]').count()).toBe(0)
    // All of it is counted, and nothing twice.
    await page
      .locator('.leftoff-history-item')
      .getByText(`${2 * rounds} messages`)
      .waitFor()
    expect(demo.errors).toEqual([])
  })
})

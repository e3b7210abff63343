import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { randomOf } from '../../support/random.js'
import { breakableLine } from './breakable-line.js'
import { send, serveTurnDemo, shown } from './turn-demo.js'

const isSoak = process.env.LEFTOFF_SOAK === '1'

let demo: Awaited<ReturnType<typeof serveTurnDemo>>
let line: Awaited<ReturnType<typeof breakableLine>>
let browser: Browser
const pages: Page[] = []

beforeAll(async () => {
  demo = await serveTurnDemo()
  line = await breakableLine(demo.port)
  browser = await chromium.launch(chromiumLaunchOptions())
  for (let count = 0; count < (isSoak ? 20 : 3); count++) {
    // A profile each: none has to wait for the connections of another.
    const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage()
    await page.goto(`${line.address}/chat`)
    await page.locator('.welcome').waitFor()
    pages.push(page)
  }
  return async () => {
    await browser.close()
    await line.close()
    await demo.close()
  }
})

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const words = Array.from({ length: 12 }, (_, index) => `word${index} `)

// With LEFTOFF_SOAK=1 120 answers with 3 s and 40 with 40 s, in both ways; else 3 with 3 s.
it.each([
  ...(['cut', 'silence'] as const).flatMap((how) => (isSoak ? [{ how, seconds: 3, rounds: 3 }] : [])),
  ...(['cut', 'silence'] as const).flatMap((how) => (isSoak ? [{ how, seconds: 40, rounds: 1 }] : [])),
  ...(isSoak ? [] : [{ how: 'cut' as const, seconds: 3, rounds: 1 }]),
])(
  'a network that is away for $seconds s in mid-answer ($how): each answer is whole, once, $rounds x',
  {
    timeout: 200_000,
  },
  async ({ how, seconds, rounds }) => {
    const random = randomOf(seconds + how.length)
    const begun = demo.answers.length
    for (let round = 0; round < rounds; round++) {
      const turns = await Promise.all(
        pages.map(async (page, index) => {
          const question = `${how} ${seconds}, ${round}: question ${index}`
          const answering = demo.answerTo(question)
          // The first is sent into the broken line, the second has no word before it breaks.
          const said = index < 2 ? 0 : random.below(words.length)
          const before = (await shown(page)).length
          if (index > 0) {
            await send(page, question)
            const answer = await answering
            for (const word of words.slice(0, said)) answer.say(word)
          }
          return { page, question, answering, said, before, endsMeanwhile: random.chance(0.5) }
        }),
      )
      await wait(random.below(30))
      line[how]()
      const [first] = turns
      if (first) await send(first.page, first.question)
      const finish = async ({ answering, said }: (typeof turns)[number]) => {
        const answer = await answering
        for (const word of words.slice(said)) answer.say(word)
        answer.end()
      }
      await Promise.all(turns.filter((turn) => turn !== first && turn.endsMeanwhile).map(finish))
      await wait(seconds * 1_000)
      line.mend()
      await Promise.all(turns.filter((turn) => turn === first || !turn.endsMeanwhile).map(finish))
      for (const { page, question, before } of turns) {
        await expect.poll(async () => (await shown(page)).slice(before)).toEqual([question, words.join('').trim()])
        await expect.poll(() => page.getByTestId('answer').count()).toBe(0)
        expect(await page.getByTestId('notice').allTextContents()).toEqual([])
      }
    }
    expect(demo.answers.length - begun).toBe(rounds * pages.length)
    expect(demo.errors).toEqual([])
  },
)

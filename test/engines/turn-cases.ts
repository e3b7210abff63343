import { beforeAll, describe, expect, it } from 'vitest'
import type {} from '../e2e/storage/storage-page.js'
import { breakableLine } from '../e2e/turns/breakable-line.js'
import { startChatSite } from '../e2e/turns/chat-site.js'
import { randomOf } from '../support/random.js'
import type { Engine, EnginePage } from './engine.js'

const words = Array.from({ length: 8 }, (_, index) => `word${index} `)
const whole = ['user: hello', `assistant: ${words.join('')}`]

/** What is on screen of the chat. */
const shown = (page: EnginePage) =>
  page.evaluate(() => [...document.querySelectorAll('section > ol > li')].map((one) => one.textContent ?? ''))

/** The buttons that can be pressed. */
const buttons = (page: EnginePage) =>
  page.evaluate(() => [...document.querySelectorAll('button:not([disabled])')].map((one) => one.textContent ?? ''))

const sees = (page: EnginePage, expected: readonly string[]) =>
  expect.poll(() => shown(page), { timeout: 15_000 }).toEqual(expected)
const offers = (page: EnginePage, button: string) =>
  expect.poll(() => buttons(page), { timeout: 15_000 }).toContain(button)

/** The guide's chat in mid-answer, in each engine: every project that drives one runs these. */
export function turnCases(start: () => Promise<Engine>): void {
  let engine: Engine
  let site: Awaited<ReturnType<typeof startChatSite>>
  let line: Awaited<ReturnType<typeof breakableLine>>

  beforeAll(async () => {
    site = await startChatSite()
    line = await breakableLine(site.port)
    engine = await start()
    return async () => {
      await engine.end()
      await line.close()
      await site.end()
    }
  })

  async function open(origin: string): Promise<EnginePage> {
    const page = await engine.open(origin)
    await page.goto(site.url(origin, 'ada').replace(`:${site.port}`, `:${line.port}`))
    return page
  }

  /** Sends `hello`, and has the first words of its answer. */
  async function ask(page: EnginePage, said: number) {
    await offers(page, 'Send')
    const answering = site.answerTo('hello')
    await page.evaluate(() => {
      const input = document.querySelector('input')
      // As a person types: React has a setter of its own on the element.
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, 'hello')
      input?.dispatchEvent(new Event('input', { bubbles: true }))
    })
    await page.evaluate(() => document.querySelector('form')?.requestSubmit())
    const answer = await answering
    for (const word of words.slice(0, said)) answer.say(word)
    return {
      answer,
      finish() {
        for (const word of words.slice(said)) answer.say(word)
        answer.end()
      },
    }
  }

  describe('an answer of the guide’s chat', () => {
    const rounds = process.env.LEFTOFF_SOAK === '1' ? 25 : 3

    it(`is streamed, and continues after a reload at a random moment, ${rounds} times`, {
      timeout: 60_000 + rounds * 5_000,
    }, async () => {
      const random = randomOf(9)
      const begun = site.answers.length
      const page = await open('reloaded')
      for (let round = 0; round < rounds; round++) {
        // The first before its first word, the second seen as it grows.
        const said = round === 0 ? 0 : random.below(words.length)
        const { finish } = await ask(page, said)
        if (round === 1) await sees(page, ['user: hello', `assistant: ${words.slice(0, said).join('')} (answering)`])
        await page.reload()
        await expect.poll(() => shown(page)).toContain('user: hello')
        finish()
        await sees(page, whole)
        await offers(page, 'Send')
        await page.evaluate(() => {
          const all = [...document.querySelectorAll('button')]
          all.find((one) => one.textContent === 'New chat')?.click()
        })
        await sees(page, [])
      }
      expect(site.answers.length - begun).toBe(rounds)
      await page.close()
    })

    it('is stopped, and asked for again after the agent broke off', async () => {
      const page = await open('stopped')
      const stopped = await ask(page, 1)
      await sees(page, ['user: hello', 'assistant: word0  (answering)'])
      await page.evaluate(() => {
        const all = [...document.querySelectorAll('button')]
        all.find((one) => one.textContent === 'Stop')?.click()
      })
      await offers(page, 'Send')
      expect(stopped.answer.isOver).toBe(true)
      await sees(page, ['user: hello', 'assistant: word0  (stopped)'])

      const broken = await ask(page, 2)
      broken.answer.fail()
      await offers(page, 'Retry')
      const answering = site.answerTo('hello')
      await page.evaluate(() => {
        const all = [...document.querySelectorAll('button')]
        all.find((one) => one.textContent === 'Retry')?.click()
      })
      const answer = await answering
      answer.say('again')
      answer.end()
      await sees(page, ['user: hello', 'assistant: word0  (stopped)', 'user: hello', 'assistant: again'])
      await offers(page, 'Send')
      await page.close()
    })

    it.each(['cut', 'silence'] as const)('survives a network that goes away for a second (%s)', async (how) => {
      const page = await open(how)
      const { answer } = await ask(page, 1)
      await sees(page, ['user: hello', 'assistant: word0  (answering)'])
      const begun = site.answers.length
      line[how]()
      answer.say('and ')
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      line.mend()
      answer.say('more')
      answer.end()
      await sees(page, ['user: hello', 'assistant: word0 and more'])
      expect(site.answers).toHaveLength(begun)
      await page.close()
    })

    it('is gone from every tab and every storage after a sign-out', async () => {
      // The last one is in front; a page that is hidden reads its answer later.
      const [b, a] = [await open('signed-out'), await open('signed-out')]
      const { finish } = await ask(a, 1)
      await sees(a, ['user: hello', 'assistant: word0  (answering)'])
      await b.evaluate(() => {
        const all = [...document.querySelectorAll('button')]
        all.find((one) => one.textContent === 'Sign out')?.click()
      })
      await sees(a, [])
      finish()
      for (const page of [a, b]) {
        await expect
          .poll(() =>
            page.evaluate(() =>
              [localStorage, sessionStorage].flatMap((storage) =>
                Object.entries(storage).filter((entry) => /ada|hello|word/.test(entry.join())),
              ),
            ),
          )
          .toEqual([])
        expect(await shown(page)).toEqual([])
        await page.close()
      }
    })
  })
}

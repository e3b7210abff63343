import { beforeAll, describe, expect, it } from 'vitest'
import type {} from '../e2e/history/history-page.js'
import type { HistorySite } from '../e2e/history/history-site.js'

/** A browser tab as a person uses it. Selectors are CSS. */
export interface PersonTab {
  goto(url: string): Promise<unknown>
  reload(): Promise<unknown>
  goBack(): Promise<unknown>
  goForward(): Promise<unknown>
  bringToFront(): Promise<unknown>
  click(selector: string): Promise<unknown>
  press(key: 'F2' | 'Enter' | 'Delete'): Promise<unknown>
  type(text: string): Promise<unknown>
  evaluate<Result>(run: () => Result | Promise<Result>): Promise<Result>
  evaluateWith<Result>(
    run: (numbers: readonly number[]) => Result | Promise<Result>,
    numbers: number[],
  ): Promise<Result>
  close(): Promise<unknown>
}

/** A browser that opens tabs on the site. */
export interface PersonBrowser {
  readonly site: HistorySite
  newTab(): Promise<PersonTab>
  end(): Promise<void>
}

/** What a person sees of the tab. */
const look = (tab: PersonTab) =>
  tab.evaluate(() => {
    // biome-ignore lint/performance/useDomNodeTextContent: what is not on screen is not seen
    const seen = (element: HTMLElement | null) => element?.innerText.trim() ?? ''
    const text = (selector: string) => seen(document.querySelector(selector))
    return {
      id: text('#conversation'),
      notice: text('.leftoff-notice'),
      draft: document.querySelector('textarea')?.value ?? '',
      titles: [...document.querySelectorAll<HTMLElement>('.leftoff-history-title')].map(seen),
      status: text('.leftoff-history-status'),
      address: location.pathname,
    }
  })

type View = Awaited<ReturnType<typeof look>>

const sees = (tab: PersonTab, expected: Partial<View>) =>
  expect.poll(() => look(tab), { timeout: 10_000 }).toMatchObject(expected)

/** Types into the message field. */
async function write(tab: PersonTab, text: string): Promise<void> {
  await tab.bringToFront()
  await tab.click('textarea')
  await tab.type(text)
}

async function say(tab: PersonTab, text: string): Promise<void> {
  await write(tab, text)
  await tab.click('#send')
  await sees(tab, { draft: '' })
}

/** Begins a conversation by hand; resolves to its id. */
async function begin(tab: PersonTab): Promise<string> {
  const before = (await look(tab)).id
  await tab.click('#new')
  await expect.poll(async () => (await look(tab)).id).not.toBe(before)
  return (await look(tab)).id
}

const row = (id: string, part: string) => `[data-conversation-id="${id}"] .leftoff-history-${part}`

/** The stories of section “A history and tabs that behave as people expect”: each engine tells them. */
export function historyCases(start: () => Promise<PersonBrowser>): void {
  let browser: PersonBrowser
  const tabs: PersonTab[] = []

  beforeAll(async () => {
    browser = await start()
    return () => browser.end()
  })

  async function open(origin: string, options: Parameters<HistorySite['url']>[1] = {}): Promise<PersonTab> {
    const tab = await browser.newTab()
    tabs.push(tab)
    await tab.goto(browser.site.url(origin, options))
    await expect.poll(async () => (await look(tab)).id, { timeout: 10_000 }).toMatch(/^[\w-]{5,}$/)
    return tab
  }

  const closeAll = () => Promise.all(tabs.splice(0).map((tab) => tab.close()))

  it('what another tab has is shown with a notice, and goes to the tab where the person presses “Use here”', async () => {
    const a = await open('watch')
    await say(a, 'Hello from the first')
    const { id } = await look(a)
    const [b, c] = [await open('watch', { id }), await open('watch', { id })]
    const watching = { id, notice: expect.stringContaining('open in another tab'), address: `/chat/${id}` }
    await sees(b, watching)
    await sees(c, watching)
    await write(b, 'not possible here')
    await sees(b, { draft: '' })

    await b.click('.leftoff-notice-action')
    await sees(b, { id, notice: '' })
    await sees(a, watching)
    await sees(c, watching)
    await say(b, 'Hello from the second')
    await sees(a, { titles: ['Hello from the first'] })
    await b.close()
    tabs.splice(tabs.indexOf(b), 1)
    await expect
      .poll(async () => [(await look(a)).notice, (await look(c)).notice].filter((text) => text === '').length, {
        timeout: 10_000,
      })
      .toBe(1) // one of the two has it now
    await closeAll()
  })

  it('a draft stays where it was typed: through switches, Back, reloads and a closed tab, never in another tab', async () => {
    const a = await open('draft')
    await say(a, 'The first')
    const first = (await look(a)).id
    await write(a, 'to the first')
    const second = await begin(a)
    await sees(a, { draft: '' })
    await write(a, 'to the second')
    await a.goBack()
    await sees(a, { id: first, draft: 'to the first' })
    await a.goForward()
    await sees(a, { id: second, draft: 'to the second' })
    await a.click(row(first, 'open'))
    await sees(a, { id: first, draft: 'to the first' })
    await a.reload()
    await sees(a, { id: first, draft: 'to the first' })

    const b = await open('draft')
    expect((await look(b)).draft).not.toBe('to the first')
    await write(b, ' in the other tab')
    await sees(a, { draft: 'to the first' })
    await a.close()
    tabs.splice(tabs.indexOf(a), 1)
    const c = await open('draft', { id: first })
    await sees(c, { id: first, draft: 'to the first' })

    await c.bringToFront()
    await c.click('#sign-out')
    await sees(b, { notice: 'You signed out in another tab.', draft: '', titles: [] })
    await c.click('#sign-in')
    await expect.poll(async () => (await look(c)).id).toMatch(/^[0-9a-f-]{36}$/)
    await sees(c, { draft: '', titles: [] })
    await closeAll()
  })

  it('a title of a person wins over a suggested one, in every tab, and a removal can be undone', async () => {
    const a = await open('titles')
    await say(a, 'What is the capital of France?')
    const { id } = await look(a)
    const b = await open('titles')
    await sees(b, { titles: ['What is the capital of France?'] })
    await a.bringToFront()
    await a.click('#suggest')
    await sees(b, { titles: ['Suggested'] })
    await b.bringToFront()
    await b.click(row(id, 'open'))
    await sees(b, { id })
    await b.press('F2')
    await b.type('Paris')
    await b.press('Enter')
    await sees(a, { titles: ['Paris'] })
    await a.bringToFront()
    await a.click('#suggest') // late
    await a.reload()
    await sees(a, { titles: ['Paris'] })
    await sees(b, { titles: ['Paris'] })

    await a.bringToFront()
    await a.click(row(id, 'open'))
    await a.press('Delete')
    await sees(a, { titles: [], status: expect.stringContaining('was removed') })
    await a.click('.leftoff-history-undo')
    await sees(a, { id, titles: ['Paris'] })
    await a.press('Delete')
    await sees(a, { titles: [] })
    await sees(b, { titles: [], notice: '' }) // once it cannot be undone any more
    expect((await look(b)).id).not.toBe(id)
    await closeAll()
  })

  it('Back and Forward over ten steps lead where the person was, with held and removed conversations', async () => {
    const a = await open('steps')
    await say(a, 'One')
    const steps = [(await look(a)).id]
    for (let step = 1; step <= 10; step++) {
      steps.push(await begin(a))
      if (step % 2 === 0) await say(a, `Step ${step}`)
    }
    await a.evaluate(() => window.store.flush())
    const [held = '', removed = ''] = [steps[4], steps[6]]
    const b = await open('steps', { id: held })
    await sees(b, { id: held })
    await b.bringToFront()
    await b.click(row(removed, 'remove'))
    await sees(a, { titles: expect.not.arrayContaining(['Step 6']) })

    const expected = steps.with(6, steps[7] ?? '')
    await a.bringToFront()
    for (let step = 9; step >= 0; step--) {
      await a.goBack()
      const id = expected[step] ?? ''
      await sees(a, { id, address: `/chat/${id}`, notice: id === held ? expect.stringContaining('another tab') : '' })
    }
    for (let step = 1; step <= 10; step++) {
      await a.goForward()
      await sees(a, { id: expected[step] ?? '', address: `/chat/${expected[step]}` })
    }
    await closeAll()
  })

  it('a link to a conversation of somebody else, or to none, opens a new one and says nothing of it', async () => {
    const a = await open('links')
    await say(a, 'A secret')
    const { id } = await look(a)
    const b = await browser.newTab()
    tabs.push(b)
    await b.goto(browser.site.url('links', { id, user: 'bob' }))
    await expect.poll(async () => (await look(b)).id).toMatch(/^[0-9a-f-]{36}$/)
    const view = await look(b)
    expect(view).toMatchObject({ titles: [], notice: '', address: `/chat/${view.id}` })
    expect(view.id).not.toBe(id)
    await closeAll()
  })

  describe('a long history', () => {
    const isWhole = process.env.LEFTOFF_SOAK !== undefined
    // 10,000 rows are drawn anew with each that is added.
    const timeout = isWhole ? 60_000 : 10_000
    const wanted = isWhole ? 10_000 : 240
    const adapters = isWhole ? (['dexie', 'account', 'localStorage'] as const) : (['dexie'] as const)

    it.each(adapters)(
      'is paged to its end on %s, complete and in order, while another tab writes',
      async (adapter) => {
        const a = await open('long', { adapter, page: 100, keep: 20_000 })
        const few = isWhole ? await openingMs(a, 0) : 0
        const count = await fill(a, wanted)
        if (isWhole)
          console.log(
            `${adapter}: ${count} stored; opened in ${few} ms with none, ${await openingMs(a, 1)} ms with all`,
          )
        await a.reload()
        const b = await open('long', { adapter, keep: 20_000 })
        let said = 0
        const ids = () =>
          a.evaluate(() =>
            [...document.querySelectorAll<HTMLElement>('.leftoff-history-item')].map(
              (item) => item.dataset.conversationId,
            ),
          )
        await expect.poll(async () => (await ids()).length, { timeout }).toBeGreaterThanOrEqual(100)
        for (let before = 0; ; ) {
          await b.evaluate(() => {
            window.store.newConversation('shop')
            window.store.recordMessage({ role: 'user', text: 'Meanwhile' })
            return window.store.flush()
          })
          said++
          const shown = await ids()
          if (!(await a.evaluate(() => document.querySelector('.leftoff-history-more') !== null))) break
          await a.evaluate(() => document.querySelector<HTMLElement>('.leftoff-history-more')?.click())
          await expect.poll(async () => (await ids()).length, { timeout }).toBeGreaterThan(shown.length)
          expect(shown.length).toBeGreaterThan(before)
          before = shown.length
        }
        await expect.poll(async () => (await ids()).length, { timeout }).toBe(count + said)
        const old = (await ids()).filter((id) => id?.startsWith('old-'))
        expect(old).toEqual(Array.from({ length: count }, (_, index) => `old-${index}`))
        expect(new Set(await ids()).size).toBe(count + said)
        await closeAll()
      },
      600_000,
    )
  })
}

/** How long after a reload the conversation is known and at least `rows` of the history are shown, in ms: the median of five. */
async function openingMs(tab: PersonTab, rows: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    await tab.reload()
    const opened = await tab.evaluateWith(
      async ([rows = 0]) => {
        const isOpen = () => {
          const { currentConversationId, sessions } = window.store.getState()
          return currentConversationId !== undefined && sessions.length >= rows
        }
        while (!isOpen()) await new Promise((resolve) => requestAnimationFrame(resolve))
        return performance.now()
      },
      [rows],
    )
    times.push(Math.round(opened))
  }
  return times.sort((one, other) => one - other)[2] ?? 0
}

/** Stores conversations as earlier pages would have, the newest first. How many of them fit. */
async function fill(tab: PersonTab, count: number): Promise<number> {
  for (let from = 0; from < count; from += 1_000) {
    const isStored = await tab.evaluateWith(
      async ([from = 0, to = 0]) => {
        const changes = Array.from({ length: to - from }, (_, offset) => {
          const at = Date.now() - 86_400_000 - (from + offset) * 60_000
          return {
            userId: 'ada',
            workspace: 'shop',
            conversationId: `old-${from + offset}`,
            epoch: '',
            begins: at,
            activity: { at, rank: at },
            counts: { earlier0: { messages: 1 } },
            titles: { message: { text: `Old ${from + offset}`, rank: at } },
          }
        })
        return window.adapter.save(changes).then(
          () => true,
          () => false,
        )
      },
      [from, Math.min(count, from + 1_000)],
    )
    if (!isStored) return from
  }
  return count
}

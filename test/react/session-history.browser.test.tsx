import axe from 'axe-core'
import { type ReactNode, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import {
  createSessionStore,
  memoryAdapter,
  type SessionAdapter,
  type SessionState,
  type SessionStore,
} from '../../src/index.js'
import {
  SessionHistory,
  type SessionHistoryProps,
  type SessionHistoryResult,
  SessionProvider,
  useSessionHistory,
} from '../../src/react/index.js'
import { englishTexts } from '../../src/react/session-history-texts.js'
import { until } from '../support/until.js'

const hour = 3_600_000
const start = Date.UTC(2026, 10, 24, 12)

let root: Root | undefined
let container: HTMLElement
let store: SessionStore
let time: number
let errors: unknown[][]

beforeEach(() => {
  container = document.body.appendChild(document.createElement('div'))
  time = start
  errors = []
  vi.spyOn(console, 'error').mockImplementation((...args) => errors.push(args))
})

afterEach(async () => {
  root?.unmount()
  container.remove()
  await store.dispose()
  vi.restoreAllMocks()
  expect(errors).toEqual([])
})

/** A store with three conversations, an hour apart: `first`, `second` and `third`, which is open. */
async function threeConversations(adapter: SessionAdapter = memoryAdapter()): Promise<void> {
  store = createSessionStore({
    adapter,
    snapshot: false,
    clock: { now: () => time, monotonic: () => time, setTimeout: () => () => {} },
  })
  for (const name of ['first', 'second', 'third']) {
    await store.initConversation('w', { conversationId: name, createUnknown: true })
    store.recordMessage({
      role: 'user',
      text: `about ${name}`,
      usage: { input: 1_000, output: 200, cacheRead: 300, cacheWrite: 0 },
    })
    time += hour
  }
}

async function show(props: SessionHistoryProps = {}, shown: SessionStore = store): Promise<void> {
  root = createRoot(container)
  root.render(
    <StrictMode>
      <SessionProvider store={shown}>
        <SessionHistory now={() => time} {...props} />
      </SessionProvider>
    </StrictMode>,
  )
  await until(() => expect(container.querySelector('section')).not.toBeNull())
}

/** The same store with a part of its state given, such as what only another tab could bring about. */
function withState(real: SessionStore, given: Partial<SessionState>): SessionStore {
  let last: { readonly from: SessionState; readonly state: SessionState } | undefined
  return {
    ...real,
    getState() {
      const from = real.getState()
      if (last?.from !== from) last = { from, state: { ...from, ...given } }
      return last.state
    },
  }
}

const all = (selector: string): HTMLElement[] => [...container.querySelectorAll<HTMLElement>(selector)]
const rows = (): (string | undefined)[] => all('li').map((row) => row.dataset.conversationId)
const row = (id: string): HTMLElement => part(`[data-conversation-id=${id}]`)
const titles = (): (string | null)[] => all('.leftoff-history-title').map((title) => title.textContent)
const announced = (): string | null => part('[role=status]').textContent

function part(selector: string, within: ParentNode = container): HTMLElement {
  const found = within.querySelector<HTMLElement>(selector)
  if (!found) throw new Error(`There is no ${selector}.`)
  return found
}

describe('what is shown', () => {
  it('is the title or preview, the time, the count and the tokens of each conversation, newest first', async () => {
    await threeConversations()
    store.renameConversation('first', 'A title')
    await show()
    expect(rows()).toEqual(['third', 'second', 'first'])
    expect(titles()).toEqual(['about third', 'about second', 'A title'])
    expect(part('.leftoff-history-preview', row('first')).textContent?.trim()).toBe('about first')
    expect(row('second').querySelector('.leftoff-history-preview')).toBeNull()
    expect(part('.leftoff-history-details', row('second')).textContent?.trim()).toBe(
      '2 hours ago 1 message 1.5K tokens',
    )
    expect(part('time', row('first')).getAttribute('datetime')).toBe(new Date(start).toISOString())
  })

  it('marks the current conversation, and those that another tab has open', async () => {
    await threeConversations()
    await show({}, withState(store, { openElsewhere: ['first'] }))
    expect(all('[aria-current=true]')).toEqual([part('.leftoff-history-open', row('third'))])
    expect(row('third').dataset.current).toBe('true')
    expect(all('[data-open-elsewhere]')).toEqual([row('first')])
    expect(row('first').textContent).toContain('Open in another tab')
  })

  it('says that there is nothing once that is known, and not before', async () => {
    store = createSessionStore({ adapter: memoryAdapter(), snapshot: false })
    await show()
    expect(container.querySelector('.leftoff-history-empty')).toBeNull()
    await store.initConversation('w')
    await until(() => expect(part('.leftoff-history-empty').textContent).toBe('No conversations yet.'))
  })

  it('takes texts in another language, and every prop of a section', async () => {
    await threeConversations()
    await show({
      id: 'mine',
      className: 'side',
      texts: { label: 'Verlauf', rename: 'Umbenennen', messages: (count) => `${count} Nachricht` },
    })
    const section = part('section')
    expect([section.id, section.className, section.ariaLabel]).toEqual(['mine', 'leftoff-history side', 'Verlauf'])
    expect(row('first').textContent).toContain('1 Nachricht')
    expect(part('.leftoff-history-rename').textContent).toBe('Umbenennen')
    expect(part('.leftoff-history-remove').textContent).toBe('Remove')
  })

  it('shows a later time when a minute has passed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    await threeConversations()
    await show()
    const shown = () => part('time', row('third')).textContent
    expect(shown()).toBe('1 hour ago')
    time += hour
    vi.advanceTimersByTime(60_000)
    await until(() => expect(shown()).toBe('2 hours ago'))
    vi.useRealTimers()
  })

  it('is an empty section on a server', async () => {
    await threeConversations()
    const html = renderToString(
      <SessionProvider store={store}>
        <SessionHistory />
      </SessionProvider>,
    )
    expect(html).not.toContain('<li')
    expect(html).toContain('aria-label="Conversations"')
  })
})

describe('switching', () => {
  it('goes to the conversation, announces it and notifies the app', async () => {
    const told: string[] = []
    await threeConversations()
    await show({ onSwitch: (id) => told.push(id) })
    await userEvent.click(part('.leftoff-history-open', row('first')))
    await until(() => expect(row('first').dataset.current).toBe('true'))
    expect(store.getState().currentConversationId).toBe('first')
    expect(announced()).toBe('“about first” is open.')
    expect(told).toEqual(['first'])
  })

  it.each([
    ['open-elsewhere', '“about first” is open in another tab. Continue there, or close that tab first.'],
    ['not-found', '“about first” no longer exists.'],
  ] as const)('that is refused with %s stays, and says why each time', async (reason, text) => {
    const told: string[] = []
    await threeConversations()
    await show(
      { onSwitch: (id) => told.push(id) },
      { ...store, switchConversation: async () => ({ ok: false, reason }) },
    )
    await userEvent.click(part('.leftoff-history-open', row('first')))
    await until(() => expect(announced()).toBe(text))
    const first = part('[role=status] span')
    await userEvent.click(part('.leftoff-history-open', row('first')))
    await until(() => expect(part('[role=status] span')).not.toBe(first))
    expect(part('[role=status]').dataset.result).toBe('refused')
    expect(told).toEqual([])
  })
})

describe('with the keyboard', () => {
  it('arrows, Home and End go from conversation to conversation', async () => {
    await threeConversations()
    await show()
    const focused = () => document.activeElement?.closest('li')?.dataset.conversationId
    part('button').focus()
    const way: (string | undefined)[] = []
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'Home', 'ArrowUp', 'End', 'ArrowUp']) {
      await userEvent.keyboard(`{${key}}`)
      way.push(focused())
    }
    expect(way).toEqual(['second', 'first', 'first', 'third', 'third', 'first', 'second'])
  })

  it('Tab reaches every action, and each says which conversation it is for', async () => {
    await threeConversations()
    await show()
    const names: (string | undefined)[] = []
    for (let stop = 0; stop < 3; stop++) {
      await userEvent.tab()
      names.push(accessibleName(document.activeElement))
    }
    expect(names).toEqual(['about third 1 hour ago 1 message 1.5K tokens', 'Rename about third', 'Remove about third'])
  })

  it('renames: F2, a title, Enter; the focus comes back', async () => {
    await threeConversations()
    await show()
    part('.leftoff-history-open', row('second')).focus()
    await userEvent.keyboard('{F2}')
    expect(document.activeElement).toBe(part('input', row('second')))
    await userEvent.keyboard('Trip to Rome{Enter}')
    await until(() => expect(titles()).toContain('Trip to Rome'))
    expect(document.activeElement).toBe(part('.leftoff-history-open', row('second')))
    expect(announced()).toBe('Renamed to “Trip to Rome”.')
    expect(store.getState().sessions.find((session) => session.conversationId === 'second')?.title).toBe('Trip to Rome')
  })

  it('renames nothing with Escape, nor with Enter when nothing was typed', async () => {
    await threeConversations()
    await show()
    for (const keys of ['Something{Escape}', '{Enter}']) {
      part('.leftoff-history-rename', row('second')).focus()
      await userEvent.keyboard(`{Enter}${keys}`)
      await until(() => expect(document.activeElement).toBe(part('.leftoff-history-rename', row('second'))))
    }
    expect(titles()).toEqual(['about third', 'about second', 'about first'])
    expect(announced()).toBe('')
  })

  it('removes at once, and brings back with Ctrl+Z, with the focus on it', async () => {
    await threeConversations()
    await show()
    part('.leftoff-history-open', row('second')).focus()
    await userEvent.keyboard('{Delete}')
    await until(() => expect(rows()).toEqual(['third', 'first']))
    expect(part('[role=status]').textContent).toBe('“about second” was removed. Undo')
    await userEvent.keyboard('{Control>}z{/Control}')
    await until(() => expect(rows()).toEqual(['third', 'second', 'first']))
    expect(document.activeElement).toBe(part('.leftoff-history-open', row('second')))
    expect(announced()).toBe('“about second” is back.')
  })

  it('after a removal continues with the next conversation, then the one before, then the history itself', async () => {
    await threeConversations()
    await show()
    part('.leftoff-history-open', row('second')).focus()
    await userEvent.keyboard('{Delete}')
    await until(() => expect(rows()).toEqual(['third', 'first']))
    expect(document.activeElement).toBe(part('.leftoff-history-open', row('first')))
    await userEvent.keyboard('{Delete}')
    await until(() => expect(rows()).toEqual(['third']))
    expect(document.activeElement).toBe(part('.leftoff-history-open', row('third')))
    await userEvent.keyboard('{Delete}')
    await until(() => expect(rows()).toEqual([]))
    expect(document.activeElement).toBe(part('section'))
  })

  it('takes no focus from the page when a conversation that was renamed is shown once more', async () => {
    await threeConversations()
    await show()
    part('.leftoff-history-rename', row('second')).focus()
    await userEvent.keyboard('{Enter}Later{Enter}')
    await until(() => expect(titles()).toContain('Later'))
    part('section').focus()
    await store.initConversation('other')
    await until(() => expect(rows()).toEqual([]))
    await store.initConversation('w')
    await until(() => expect(rows()).toHaveLength(3))
    expect(document.activeElement).toBe(part('section'))
  })
})

describe('a removal', () => {
  it('is taken back by Undo, which opens the conversation again if it was open', async () => {
    await threeConversations()
    await show()
    await userEvent.click(part('.leftoff-history-remove', row('third')))
    await until(() => expect(rows()).toEqual(['second', 'first']))
    expect(store.getState().currentConversationId).not.toBe('third')
    await userEvent.click(part('.leftoff-history-undo'))
    await until(() => expect(rows()).toEqual(['third', 'second', 'first']))
    await until(() => expect(row('third').dataset.current).toBe('true'))
    expect(container.querySelector('.leftoff-history-undo')).toBeNull()
  })

  it('is announced, and can be undone for as long as the app says; then the sentence goes with Undo', async () => {
    await threeConversations()
    await show({ undoMs: 50 })
    const heard = new Set<string | null>()
    const observer = new MutationObserver(() => heard.add(announced()))
    observer.observe(part('[role=status]'), { childList: true })
    await userEvent.click(part('.leftoff-history-remove', row('second')))
    await until(() => expect(heard).toContain('“about second” was removed. Undo'))
    await until(() => expect(announced()).toBe(''))
    expect(container.querySelector('.leftoff-history-undo')).toBeNull()
    observer.disconnect()
  })

  it('is only announced where it cannot be undone', async () => {
    await threeConversations()
    await show({ undoMs: 0 })
    await userEvent.click(part('.leftoff-history-remove', row('second')))
    await until(() => expect(rows()).toEqual(['third', 'first']))
    expect(announced()).toBe('“about second” was removed.')
    expect(container.querySelector('.leftoff-history-undo')).toBeNull()
  })
})

describe('a long history', () => {
  it('is shown by days, page by page; what came last has the focus', async () => {
    const adapter = memoryAdapter()
    const day = 24 * hour
    const ages = [0, 1, 2, 3, 4, 5, 6, 40]
    const save = ages.map((age) => ({
      userId: '',
      workspace: 'w',
      conversationId: `c${age}`,
      epoch: '',
      begins: start - age * day,
      activity: { at: start - age * day, rank: start - age * day },
      counts: { scope000: { messages: 1 } },
    }))
    await adapter.save(save)
    time = start
    store = createSessionStore({
      adapter,
      snapshot: false,
      clock: { now: () => time, monotonic: () => time, setTimeout: () => () => {} },
    })
    await store.initConversation('w')
    await show({ pageSize: 3, texts: { day: (at) => `${Math.round((start - at) / day)} days ago` } })
    const days = () => all('.leftoff-history-day').map(({ textContent }) => textContent)
    await until(() => expect(days()).toEqual(['0 days ago', '1 days ago', '2 days ago']))
    expect(all('ul').map((list) => list.ariaLabel)).toEqual(days())

    await userEvent.click(part('.leftoff-history-more'))
    await until(() => expect(rows()).toHaveLength(6))
    expect(document.activeElement).toBe(part('.leftoff-history-open', row('c3')))
    await userEvent.keyboard('{ArrowUp}')
    expect(document.activeElement).toBe(part('.leftoff-history-open', row('c2')))
    await userEvent.click(part('.leftoff-history-more'))
    await until(() => expect(rows()).toEqual(ages.map((age) => `c${age}`)))
    expect(container.querySelector('.leftoff-history-more')).toBeNull()

    // Who has seen all of it keeps all of it.
    for (const text of ['One more', 'Another one']) {
      store.newConversation('w')
      store.recordMessage({ role: 'user', text })
    }
    await until(() => expect(rows()).toHaveLength(ages.length + 2))
    expect(rows().at(-1)).toBe('c40')
    expect(container.querySelector('.leftoff-history-more')).toBeNull()
  })

  it('names today, yesterday, the days of a week, then months', () => {
    const noon = new Date(2026, 10, 25, 12).getTime() // a Wednesday
    const dayOf = (...date: [number, number, number, number, number?]) =>
      englishTexts.day(new Date(...date).getTime(), noon)
    expect([
      dayOf(2026, 10, 25, 0, 1),
      dayOf(2026, 10, 24, 23, 59),
      dayOf(2026, 10, 24, 0),
      dayOf(2026, 10, 23, 23),
      dayOf(2026, 10, 19, 1),
      dayOf(2026, 10, 18, 23),
      dayOf(2025, 10, 25, 12),
    ]).toEqual(['Today', 'Yesterday', 'Yesterday', 'Monday', 'Thursday', 'November 2026', 'November 2025'])
  })

  it('counts days by the calendar, so that all of “Yesterday” is 1 day ago', () => {
    const evening = new Date(2026, 10, 25, 20).getTime()
    const timeOf = (day: number, hours: number) => englishTexts.time(new Date(2026, 10, day, hours).getTime(), evening)
    expect([timeOf(25, 1), timeOf(24, 22), timeOf(24, 19), timeOf(24, 0), timeOf(23, 23), timeOf(23, 0)]).toEqual([
      '19 hours ago',
      '22 hours ago',
      '1 day ago',
      '1 day ago',
      '2 days ago',
      '2 days ago',
    ])
  })

  it('says so when older conversations cannot be loaded', async () => {
    await threeConversations()
    const failing: SessionStore = { ...store, loadMore: () => Promise.reject(new Error('storage is gone')) }
    await show({ pageSize: 3 }, withState(failing, { hasMore: true }))
    await userEvent.click(part('.leftoff-history-more'))
    await until(() => expect(announced()).toMatch(/could not be loaded/))
  })
})

it.each(['shown', 'renaming', 'removed'])('axe finds nothing while a conversation is %s', async (step) => {
  await threeConversations()
  await show({ pageSize: 2 }, withState(store, { openElsewhere: ['first'] }))
  if (step === 'renaming') await userEvent.click(part('.leftoff-history-rename'))
  if (step === 'removed') await userEvent.click(part('.leftoff-history-remove'))
  const { violations, passes } = await axe.run(container)
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`)).toEqual([])
  expect(passes.length).toBeGreaterThan(5)
})

describe('useSessionHistory', () => {
  it('gives the same result in each render in which nothing changed', async () => {
    await threeConversations()
    const results = new Set<SessionHistoryResult>()
    let again = (): void => {}
    function Probe({ count }: { count: number }): ReactNode {
      results.add(useSessionHistory('w'))
      return <p>{count}</p>
    }
    const page = (count: number) => (
      <SessionProvider store={store}>
        <Probe count={count} />
      </SessionProvider>
    )
    root = createRoot(container)
    again = () => root?.render(page(2))
    root.render(page(1))
    await until(() => expect(container.textContent).toBe('1'))
    const before = results.size
    again()
    await until(() => expect(container.textContent).toBe('2'))
    expect(results.size).toBe(before)
  })
})

/** As far as this component goes: its parts are named by their text or by `aria-labelledby`. */
function accessibleName(element: Element | null): string | undefined {
  const ids = element?.getAttribute('aria-labelledby')?.split(' ')
  const parts = ids ? ids.map((id) => document.getElementById(id)?.textContent) : [element?.textContent]
  return parts.join(' ').replaceAll(/\s+/g, ' ').trim()
}

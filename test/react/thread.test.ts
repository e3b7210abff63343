import { describe, expect, it } from 'vitest'
import { deferred } from '../support/gated.js'
import { setUpThread } from './thread-setup.js'

const texts = (messages: readonly { role: string; text: string }[]) =>
  messages.map(({ role, text }) => `${role}: ${text}`)
const whole = ['user: hi', 'assistant: one two three']

describe('a message', () => {
  it('is sent, answered, and counted once it is whole', async () => {
    const { clock, open } = await setUpThread()
    const { thread, view, store, conversation } = await open()
    await clock.advance(100)
    expect(view()).toMatchObject({ status: 'ready', messages: [], notices: [] })
    thread.send('hi')
    expect(view()).toMatchObject({ status: 'sending', messages: [{ role: 'user', text: 'hi', state: 'sending' }] })
    await clock.advance(1_500)
    expect(view()).toMatchObject({
      status: 'answering',
      messages: [
        { role: 'user', text: 'hi', state: 'complete' },
        { role: 'assistant', text: 'one ', state: 'answering' },
      ],
    })
    await clock.advance(5_000)
    expect(view().status).toBe('ready')
    expect(texts(view().messages)).toEqual(whole)
    const question = view().messages[0]
    expect(view().messages[1]).toMatchObject({ id: `${question?.id}.answer`, state: 'complete', outcome: 'done' })
    await store.flush()
    const [session] = store.getState().sessions
    expect(session).toMatchObject({ conversationId: conversation.conversationId, messageCount: 2, title: 'hi' })
  })

  it('that no server takes is shown as not sent, and retried under the same id', async () => {
    const { clock, open, server } = await setUpThread()
    const { thread, view } = await open()
    await clock.advance(100)
    server.faults.push({ status: 401 })
    thread.send('hi')
    await clock.advance(100)
    expect(view()).toMatchObject({
      status: 'ready',
      messages: [{ text: 'hi', state: 'not-sent' }],
      notices: [{ code: 'signed-out', canRetry: true }],
    })
    thread.retry(view().notices[0]?.id)
    await clock.advance(10_000)
    expect(texts(view().messages)).toEqual(whole)
    expect(view().notices).toEqual([])
    const posts = server.requests.filter(({ method }) => method === 'POST')
    expect(posts[0]?.turnId).toBe(posts[1]?.turnId)
  })

  it('can be stopped: what came of the answer stays and counts', async () => {
    const { clock, open } = await setUpThread()
    const { thread, view, store } = await open()
    await clock.advance(100)
    thread.send('hi')
    await clock.advance(1_500)
    thread.stop()
    expect(view().status).toBe('stopping')
    await clock.advance(2_000)
    expect(view()).toMatchObject({ status: 'ready', messages: [{}, { text: 'one ', outcome: 'stopped' }] })
    await store.flush()
    expect(store.getState().sessions[0]?.messageCount).toBe(2)
  })

  it('follows a stop at once: no refusal reaches the person', async () => {
    const { clock, open } = await setUpThread()
    const { thread, view } = await open()
    await clock.advance(100)
    thread.send('hi')
    await clock.advance(1_500)
    thread.stop()
    thread.send('and now')
    await clock.advance(20_000)
    expect(view().notices).toEqual([])
    expect(texts(view().messages)).toEqual(['user: hi', 'assistant: one ', 'user: and now', 'assistant: one two three'])
  })

  it('sent in two pages at once runs in one; the other says that an answer is written, and shows it', async () => {
    const { clock, open, server } = await setUpThread({ wordMs: 8_000 })
    const { thread, view } = await open()
    await clock.advance(100)
    server.begin('other', 'other', 'from elsewhere')
    thread.send('hi')
    await clock.advance(12_000)
    expect(view().notices).toMatchObject([{ code: 'turn-busy', canRetry: true }])
    expect(view().messages).toMatchObject([
      { text: 'from elsewhere' },
      { text: 'one ', state: 'answering' },
      { text: 'hi', state: 'not-sent' },
    ])
    await clock.advance(30_000)
    thread.retry()
    await clock.advance(40_000)
    expect(texts(view().messages).sort()).toEqual(['user: from elsewhere', 'assistant: one two three', ...whole].sort())
  })
})

describe('coming back in mid-answer', () => {
  it('shows the question at the first paint that shows messages, and the answer continues to its end', async () => {
    const { clock, open, reload, shown, server } = await setUpThread()
    const { thread } = await open()
    await clock.advance(100)
    thread.send('hi')
    await clock.advance(1_500)
    shown.length = 0
    const { view, store } = await reload()
    await clock.advance(50)
    expect(texts(view().messages)).toEqual(['user: hi', 'assistant: one two '])
    expect(shown.find((ids) => ids.length > 0)).toHaveLength(2)
    await clock.advance(10_000)
    expect(texts(view().messages)).toEqual(whole)
    expect(server.runs).toHaveLength(1)
    await store.flush()
    expect(store.getState().sessions[0]?.messageCount).toBe(2)
  })

  it('sends again automatically what no server had within a minute, and asks later', async () => {
    const { clock, open, reload, server } = await setUpThread()
    const { thread } = await open()
    await clock.advance(100)
    server.faults.push('lost')
    thread.send('hi')
    const soon = await reload()
    await clock.advance(10_000)
    expect(texts(soon.view().messages)).toEqual(whole)

    server.faults.push(...Array.from({ length: 100 }, () => 'lost' as const))
    soon.thread.send('later')
    await clock.advance(1_000)
    const before = server.requests.length
    const lost = server.faults.splice(0)
    const tab = await reload({ loads: async () => structuredClone(server.messages) })
    expect(before).toBeGreaterThan(0)
    expect(lost.length).toBeGreaterThan(0)
    await clock.advance(10_000)
    expect(texts(tab.view().messages).at(-1)).toBe('assistant: one two three')
    expect(server.runs).toHaveLength(2)

    server.faults.push(...Array.from({ length: 100 }, () => 'lost' as const))
    tab.thread.send('much later')
    await clock.advance(70_000)
    server.faults.splice(0)
    const late = await reload()
    await clock.advance(10_000)
    expect(late.view().messages.at(-1)).toMatchObject({ text: 'much later', state: 'not-sent' })
    expect(server.runs).toHaveLength(2)
    expect(late.view().notices).toMatchObject([{ code: 'not-sent', canRetry: true }])
    late.thread.retry(late.view().notices[0]?.id)
    await clock.advance(10_000)
    expect(server.runs).toHaveLength(3)
    expect(texts(late.view().messages).slice(-2)).toEqual(['user: much later', 'assistant: one two three'])
    expect(late.view().messages).toHaveLength(6)
  })

  it('is not offered again when the server has it, though no answer of the server came through', async () => {
    const { clock, open, reload, server } = await setUpThread()
    const { thread } = await open()
    await clock.advance(100)
    server.faults.push(...Array.from({ length: 100 }, () => 'unanswered' as const))
    thread.send('hi')
    await clock.advance(70_000)
    server.faults.splice(0)
    const late = await reload()
    await clock.advance(10_000)
    expect(texts(late.view().messages)).toEqual(whole)
    expect(late.view()).toMatchObject({ notices: [], status: 'ready' })
    expect(server.runs).toHaveLength(1)
  })

  it('goes again under its own id, once, when it asked for another answer and could not be sent', async () => {
    const { clock, open, reload, server } = await setUpThread()
    const { thread } = await open()
    await clock.advance(100)
    thread.send('hi')
    await clock.advance(10_000)
    server.faults.push(...Array.from({ length: 100 }, () => 'lost' as const))
    thread.retry()
    await clock.advance(70_000)
    const asked = server.requests.at(-1)?.turnId
    server.faults.splice(0)
    const late = await reload()
    await clock.advance(10_000)
    // The question and its first answer are there.
    expect(late.view().messages).toMatchObject([{ state: 'complete' }, { text: 'one two three' }])
    expect(late.view().notices).toMatchObject([{ code: 'not-sent', canRetry: true }])
    late.thread.retry(late.view().notices[0]?.id)
    await clock.advance(10_000)
    expect(server.runs).toHaveLength(2)
    expect(server.runs[1]).toBe(asked)
    const last = await reload()
    await clock.advance(10_000)
    expect(texts(last.view().messages)).toEqual(whole)
    expect(last.view().notices).toEqual([])
  })

  it('reads a turn once, though the page asks for what runs while it sends again', async () => {
    const { clock, open, reload, server } = await setUpThread()
    const { thread } = await open()
    await clock.advance(100)
    server.faults.push(...Array.from({ length: 100 }, () => 'lost' as const))
    thread.send('hi')
    await clock.advance(70_000)
    const late = await reload()
    await clock.advance(3_500)
    expect(late.view().messages).toMatchObject([{ text: 'hi', state: 'not-sent' }])
    server.faults.splice(0)
    late.thread.retry(late.view().notices[0]?.id)
    await clock.advance(20_000)
    expect(texts(late.view().messages)).toEqual(whole)
    expect(late.view()).toMatchObject({ status: 'ready', notices: [] })
  })

  it('says of a question that nobody answers any more that it was interrupted, after it asked twice', async () => {
    const { clock, open, server } = await setUpThread()
    server.messages.push({ id: 'm', role: 'user', text: 'hi', at: 1 })
    const { thread, view } = await open()
    await clock.advance(100)
    expect(view().notices).toMatchObject([{ messageId: 'm', code: 'turn-interrupted', canRetry: true }])
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
    thread.retry('m')
    await clock.advance(10_000)
    expect(view().notices).toEqual([])
    expect(texts(view().messages)).toEqual(whole)
  })

  it('shows what is stored while the server cannot say yet whether a turn runs, and takes no word twice', async () => {
    const { clock, gates, open, reload, server } = await setUpThread()
    const { thread } = await open()
    await clock.advance(100)
    thread.send('hi')
    await clock.advance(1_500)
    let say = () => {}
    gates.follow = new Promise((resolve) => {
      say = resolve
    })
    const { view, store } = await reload()
    await clock.advance(600)
    expect(texts(view().messages)).toEqual(['user: hi'])
    expect(view().notices).toEqual([])
    await clock.advance(10_000)
    say()
    await clock.advance(10_000)
    expect(texts(view().messages)).toEqual(whole)
    expect(view()).toMatchObject({ status: 'ready', notices: [] })
    expect(server.runs).toHaveLength(1)
    await store.flush()
    expect(store.getState().sessions[0]?.messageCount).toBe(2)
  })

  it.each(['failed', 'interrupted'])('offers a retry of an answer that was stored as %s', async (outcome) => {
    const { clock, open, server } = await setUpThread()
    server.messages.push(
      { id: 'm', role: 'user', text: 'hi', at: 1 },
      { id: 'm.answer', role: 'assistant', text: 'one t', at: 2, outcome },
    )
    const { thread, view } = await open()
    await clock.advance(100)
    expect(view().notices).toMatchObject([{ messageId: 'm', code: 'turn-interrupted', canRetry: true }])
    expect(texts(view().messages)).toEqual(['user: hi', 'assistant: one t'])
    thread.retry(view().notices[0]?.id)
    await clock.advance(10_000)
    expect(view().notices).toEqual([])
    expect(texts(view().messages)).toEqual(whole)
  })

  it('shows in a tab that watches what another tab’s retry of an answer gave, and no longer offers one', async () => {
    const { clock, open, openTab, server } = await setUpThread()
    server.messages.push(
      { id: 'm', role: 'user', text: 'hi', at: 1 },
      { id: 'm.answer', role: 'assistant', text: 'one t', at: 2, outcome: 'failed' },
    )
    const { thread, conversation } = await open()
    await clock.advance(5_000)
    const watcher = await open({ at: openTab(), conversationId: conversation.conversationId })
    await clock.advance(5_000)
    expect(watcher.store.getState().status).toBe('watching')
    expect(watcher.view().notices).toMatchObject([{ messageId: 'm', canRetry: true }])
    thread.retry('m')
    await clock.advance(10_000)
    expect(texts(watcher.view().messages)).toEqual(whole)
    expect(watcher.view().notices).toEqual([])
  })

  it.each(['done', 'stopped'])('says nothing of an answer that was stored as %s', async (outcome) => {
    const { clock, open, server } = await setUpThread()
    server.messages.push(
      { id: 'm', role: 'user', text: 'hi', at: 1 },
      { id: 'm.answer', role: 'assistant', text: 'one t', at: 2, outcome },
    )
    const { view } = await open()
    await clock.advance(100)
    expect(view().notices).toEqual([])
  })

  it('shows what it can where messages cannot be loaded, and loads them when asked', async () => {
    const { clock, open, server } = await setUpThread()
    let isDown = true
    const { thread, view } = await open({
      loads: async () => {
        if (isDown) throw new Error('down')
        return structuredClone(server.messages)
      },
    })
    await clock.advance(100)
    expect(view().status).toBe('load-failed')
    isDown = false
    server.messages.push(
      { id: 'm', role: 'user', text: 'hi', at: 1 },
      { id: 'm.answer', role: 'assistant', text: 'a', at: 2 },
    )
    thread.retry()
    await clock.advance(100)
    expect(view().status).toBe('ready')
    expect(texts(view().messages)).toEqual(['user: hi', 'assistant: a'])
  })
})

it('loads again what it could not: an answer whose end this page missed is shown whole', async () => {
  const { clock, open, server } = await setUpThread()
  let isDown = false
  const { thread, view, close } = await open({
    loads: async () => {
      if (isDown) throw new Error('down')
      return structuredClone(server.messages)
    },
  })
  await clock.advance(100)
  isDown = true
  const unknown = { status: 404, body: { code: 'unknown-turn', message: 'unknown' } }
  server.faults.push({ cutAfter: 2 }, unknown, ...Array.from({ length: 4 }, () => 'lost' as const))
  thread.send('hi')
  await clock.advance(10_000)
  expect(texts(view().messages)).toEqual(['user: hi', 'assistant: one '])
  isDown = false
  await clock.advance(10_000)
  expect(texts(view().messages)).toEqual(whole)
  const requests = server.requests.length
  isDown = true
  close()
  await clock.advance(60_000)
  expect(server.requests).toHaveLength(requests)
})

describe('the end of a turn', () => {
  const orders = [
    ['follow', 'load', 'end'],
    ['follow', 'end', 'load'],
    ['load', 'follow', 'end'],
    ['load', 'end', 'follow'],
    ['end', 'follow', 'load'],
    ['end', 'load', 'follow'],
  ] as const

  it.each(orders)('shows the answer once: first %s, then %s, then %s', async (...order) => {
    // The last word is said, the end is not: that comes within ten seconds, when the test says so.
    const wordMs = 10_000
    const { clock, open, reload, server, gates, shown } = await setUpThread({ wordMs })
    const first = await open()
    await clock.advance(100)
    first.thread.send('hi')
    await clock.advance(3.5 * wordMs)
    shown.length = 0
    const follow = deferred()
    const load = deferred()
    gates.follow = follow.p
    gates.load = load.p
    const page = await reload()
    for (const step of order) {
      if (step === 'follow') follow.open()
      if (step === 'load') load.open()
      await clock.advance(step === 'end' ? wordMs : step === 'load' ? 3_100 : 100)
    }
    await clock.advance(4_000)
    expect(texts(page.view().messages)).toEqual(whole)
    expect(page.view()).toMatchObject({ status: 'ready', notices: [] })
    for (const ids of shown) expect(new Set(ids).size).toBe(ids.length)
    expect(server.runs).toHaveLength(1)
  })
})

describe('counting', () => {
  it('is once per message, though two pages follow and both are reloaded', async () => {
    const { clock, open, reload } = await setUpThread()
    const first = await open()
    await clock.advance(100)
    first.thread.send('hi')
    await clock.advance(1_500)
    const second = await reload()
    await clock.advance(10_000)
    await second.store.flush()
    const third = await reload()
    await clock.advance(10_000)
    await third.store.flush()
    expect(third.store.getState().sessions).toMatchObject([{ messageCount: 2 }])
  })

  it('has a question that its page had no time to count, though more is said before the messages are loaded', async () => {
    const { clock, open, reload } = await setUpThread({ wordMs: 20 })
    const first = await open()
    first.thread.send('hi')
    first.thread.leave()
    const next = await reload()
    next.thread.send('and now')
    await clock.advance(10_000)
    expect(texts(next.view().messages)).toEqual([...whole, 'user: and now', 'assistant: one two three'])
    const last = await reload()
    await clock.advance(10_000)
    await last.store.flush()
    expect(last.store.getState().sessions).toMatchObject([{ messageCount: 4 }])
  })

  it('has an answer that ended while no page was open, the next day', async () => {
    const { clock, open, reload, tab } = await setUpThread()
    const first = await open()
    await clock.advance(100)
    first.thread.send('hi')
    await clock.advance(1_500)
    await first.store.flush()
    tab().crash()
    await clock.advance(24 * 3_600_000)
    const next = await reload()
    await clock.advance(5_000)
    await next.store.flush()
    expect(texts(next.view().messages)).toEqual(whole)
    expect(next.store.getState().sessions).toMatchObject([
      { messageCount: 2, lastMessagePreview: 'one two three', title: 'hi' },
    ])
  })
})

describe('a sign-out in mid-answer', () => {
  it('leaves no text in the page or its storage, and the turn is not followed on', async () => {
    const { clock, open, server, tab } = await setUpThread()
    const { thread, view, store } = await open()
    await clock.advance(100)
    thread.send('a secret')
    await clock.advance(1_500)
    await store.signOut()
    await clock.advance(10)
    expect(view()).toMatchObject({ messages: [], notices: [] })
    expect([...server.turns.values()].map(({ readers }) => readers.size)).toEqual([0])
    const requests = server.requests.length
    await clock.advance(60_000)
    expect(server.requests).toHaveLength(requests)
    const { sessionStorage } = tab()
    const kept = Array.from({ length: sessionStorage.length }, (_, i) =>
      sessionStorage.getItem(sessionStorage.key(i) ?? ''),
    )
    expect(kept.join()).not.toContain('secret')
  })
})

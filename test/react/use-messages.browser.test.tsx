import { StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { createTurnClient } from '../../src/index.js'
import { SessionProvider, useConversationSession, useMessages } from '../../src/react/index.js'
import { until } from '../support/until.js'
import { turnServer } from '../turns/turn-server.js'

let roots: Root[]
let container: HTMLElement
let server: ReturnType<typeof turnServer>
let loads: number

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  container = document.body.appendChild(document.createElement('div'))
  roots = []
  loads = 0
  server = turnServer(systemClock, { wordMs: 60 })
})

afterEach(() => {
  for (const root of roots) root.unmount()
  container.remove()
})

/** A page of the tab: its own client, as after a reload. */
function show({ userId = 'u' } = {}) {
  const client = createTurnClient({ api: '/api/turn', fetch: server.fetch })
  const root = createRoot(container)
  roots.push(root)
  const load = async () => {
    loads += 1
    return structuredClone(server.messages)
  }
  function Chat() {
    const { messages, status, notices, send, stop, retry } = useMessages(useConversationSession('w'), { client, load })
    return (
      <main data-status={status}>
        {messages.map(({ id, role, text, state }) => (
          <p key={id} data-state={state}>{`${role}: ${text}`}</p>
        ))}
        {notices.map(({ id, code }) => (
          <button type="button" key={id} onClick={() => retry(id)}>{`notice ${code}`}</button>
        ))}
        <button type="button" id="send" onClick={() => send('hi')}>
          Send
        </button>
        <button type="button" id="stop" onClick={stop}>
          Stop
        </button>
      </main>
    )
  }
  const tree = (isShown: boolean) => (
    <StrictMode>
      <SessionProvider userId={userId}>{isShown && <Chat />}</SessionProvider>
    </StrictMode>
  )
  root.render(tree(true))
  return Object.assign(root, {
    /** The person goes to another page of the app, and comes back. */
    async leaveAndReturn() {
      root.render(tree(false))
      await vi.waitFor(() => expect(status()).toBeUndefined(), { interval: 5 })
      root.render(tree(true))
      await vi.waitFor(() => expect(status()).toBeDefined(), { interval: 5 })
    },
  })
}

const status = () => container.querySelector('main')?.dataset.status
const shown = () => [...container.querySelectorAll('p')].map((line) => line.textContent)
const click = (id: string) => container.querySelector<HTMLButtonElement>(`#${id}`)?.click()
const becomes = (wanted: string) => vi.waitFor(() => expect(status()).toBe(wanted), { timeout: 15_000, interval: 5 })
const whole = ['user: hi', 'assistant: one two three']

describe('useMessages', () => {
  it('loads once in Strict Mode, sends once, and shows the answer as it grows', async () => {
    show()
    expect(status()).toBeUndefined()
    await becomes('ready')
    expect(loads).toBe(1)
    click('send')
    await becomes('answering')
    await vi.waitFor(() => expect(shown()).toEqual(['user: hi', 'assistant: one ']), { interval: 5 })
    await becomes('ready')
    expect(shown()).toEqual(whole)
    expect(server.runs).toHaveLength(1)
  })

  it('continues after the page is made anew in mid-answer: no paint shows messages without the question', async () => {
    const first = show()
    await becomes('ready')
    click('send')
    await vi.waitFor(() => expect(shown()).toEqual(['user: hi', 'assistant: one ']), { interval: 5 })
    const paints: (string | null)[][] = []
    const observer = new MutationObserver(() => paints.push(shown()))
    first.unmount()
    observer.observe(container, { childList: true, subtree: true, characterData: true })
    show()
    await vi.waitFor(() => expect(shown()).toEqual(whole), { timeout: 15_000 })
    observer.disconnect()
    for (const lines of paints.filter(({ length }) => length > 0)) expect(lines[0]).toBe('user: hi')
    expect(server.runs).toHaveLength(1)
    await becomes('ready')
  })

  it('reads an answer over one connection, though the person goes away and comes back', async () => {
    server = turnServer(systemClock, { wordMs: 300 })
    const page = show()
    await becomes('ready')
    click('send')
    await vi.waitFor(() => expect(shown()).toEqual(['user: hi', 'assistant: one ']), { interval: 5 })
    for (let count = 0; count < 3; count++) {
      await page.leaveAndReturn()
      expect([...server.turns.values()].map(({ readers }) => readers.size)).toEqual([1])
    }
    await vi.waitFor(() => expect(shown()).toEqual(whole), { timeout: 15_000 })
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
    await becomes('ready')
  })

  it('stops, and offers a retry of what no server took', async () => {
    show()
    await becomes('ready')
    server.faults.push({ status: 400 })
    click('send')
    const retry = () => container.querySelector<HTMLButtonElement>('button:not([id])')
    await until(() => expect(retry()?.textContent).toBe('notice turn-failed'))
    expect(container.querySelector('p')?.dataset.state).toBe('not-sent')
    retry()?.click()
    await vi.waitFor(() => expect(shown()).toEqual(['user: hi', 'assistant: one ']), { interval: 5 })
    click('stop')
    await becomes('stopping')
    await becomes('ready')
    expect(shown()[1]).not.toBe(whole[1])
    expect(retry()).toBeNull()
  })
})

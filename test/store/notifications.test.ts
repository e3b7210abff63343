import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { manualClock } from '../../src/testing/manual-clock.js'

/** A store in a page that is painted when the test says so. */
async function openPainted() {
  const frames: (() => void)[] = []
  const tab = fakeBrowser().openTab()
  const browser = { ...tab.browser, beforePaint: (run: () => void) => void frames.push(run) }
  const store = createSessionStore({ adapter: memoryAdapter(), browser, clock: manualClock({ now: 1_000 }) })
  const paint = (): void => {
    for (const run of frames.splice(0)) run()
  }
  await store.initConversation('w')
  return { store, tab, paint, frames }
}

describe('notifications', () => {
  it('come once before a paint, however much is recorded', async () => {
    const { store, paint, frames } = await openPainted()
    const counts: unknown[] = []
    store.subscribe(({ sessions }) => counts.push(sessions[0]?.messageCount))
    for (let message = 0; message < 100; message++) store.recordMessage({ role: 'user', text: 'Hello' })
    expect(counts).toEqual([undefined]) // as it was
    expect(frames).toHaveLength(1)
    paint()
    expect(counts).toEqual([undefined, 100])
    paint()
    expect(counts).toEqual([undefined, 100])
  })

  it('are not waited for by whoever reads the state', async () => {
    const { store } = await openPainted()
    store.recordMessage({ role: 'user', text: 'Hello' })
    const { sessions } = store.getState()
    expect(sessions).toMatchObject([{ messageCount: 1 }])
    expect(store.getState().sessions).toBe(sessions)
  })

  it('come at once when the page is hidden and nothing is painted any more', async () => {
    const { store, tab, paint } = await openPainted()
    const counts: unknown[] = []
    store.subscribe(({ sessions }) => counts.push(sessions[0]?.messageCount))
    store.recordMessage({ role: 'user', text: 'Hello' })
    tab.tell('hidden')
    expect(counts).toEqual([undefined, 1])
    store.recordMessage({ role: 'user', text: 'Still there?' })
    paint()
    expect(counts).toEqual([undefined, 1, 2])
  })

  it('are about what changed since somebody listens', async () => {
    const { store, paint } = await openPainted()
    store.recordMessage({ role: 'user', text: 'Hello' })
    let calls = 0
    store.subscribe(() => calls++)
    paint()
    expect(calls).toBe(1) // with the state as it was
  })

  it('begin with the state as it is, so that the store is a Svelte store', async () => {
    const { store } = await openPainted()
    const seen: unknown[] = []
    store.subscribe((...states) => seen.push(states))()
    expect(seen).toEqual([[store.getState(), store.getState()]])
  })

  it('ask for no paint without listeners', async () => {
    const { store, frames } = await openPainted()
    const stop = store.subscribe(() => {})
    stop()
    frames.length = 0
    store.recordMessage({ role: 'user', text: 'Hello' })
    expect(frames).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { importLegacy } from '../../src/legacy/import-legacy.js'
import type { SessionState, SessionStoreOptions } from '../../src/store/session-store.js'
import { setUp as setUpTabs } from '../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })

interface OtherState {
  workspaces: Record<string, { currentSessionId: string | null; sessions: OtherSession[] }>
}
interface OtherSession {
  id: string
  startedAt: number
  messageCount: number
  lastMessage: string
}

/** As an app with a list per workspace has it, times in seconds. */
const other: OtherState = {
  workspaces: {
    w: {
      currentSessionId: 's1',
      sessions: [
        { id: 's1', startedAt: 100, messageCount: 4, lastMessage: 'Plan a trip to Oslo' },
        { id: 's2', startedAt: 300, messageCount: 2, lastMessage: 'Fix the tests' },
      ],
    },
    w2: { currentSessionId: null, sessions: [{ id: 's3', startedAt: 200, messageCount: 0, lastMessage: '' }] },
  },
}
const blob = JSON.stringify({ state: other, version: 2 })

const legacy = importLegacy({
  read: ({ workspaces }: OtherState) =>
    Object.entries(workspaces).flatMap(([workspace, { currentSessionId, sessions }]) =>
      sessions.map(({ id, startedAt, messageCount, lastMessage }) => ({
        conversationId: id,
        workspace,
        startedAt,
        messageCount,
        lastMessagePreview: lastMessage,
        isCurrent: id === currentSessionId,
      })),
    ),
})

/** The other way round. */
function snapshot({ sessions, workspaces: open }: SessionState): OtherState {
  const workspaces: OtherState['workspaces'] = {}
  for (const { conversationId, workspace, startedAt, lastMessagePreview = '' } of sessions) {
    workspaces[workspace] ??= { currentSessionId: open[workspace]?.conversationId ?? null, sessions: [] }
    workspaces[workspace].sessions.push({
      id: conversationId,
      startedAt,
      messageCount: 0,
      lastMessage: lastMessagePreview,
    })
  }
  return { workspaces }
}

function setUp(options: Partial<SessionStoreOptions>, stored = blob) {
  const tabs = setUpTabs(options)
  tabs.browser.localStorage.setItem(name, stored)
  return { ...tabs, blobNow: () => tabs.browser.localStorage.getItem(name) }
}

/** Opens a conversation, says something in it and goes. */
async function use({ openTab, clock }: ReturnType<typeof setUp>) {
  const tab = openTab()
  const opened = tab.store.initConversation('w')
  await clock.advance(2_000)
  await opened
  tab.store.recordMessage(say('hello'))
  await clock.advance(5_000)
  tab.store.newConversation()
  tab.tab.close()
  return tab
}

describe('a blob that is not understood', () => {
  it.each([
    ['of another shape', blob],
    ['of another shape, plain', JSON.stringify(other)],
    ['that is an array', JSON.stringify([{ id: 's1' }])],
    ['that is no JSON', 'once upon a time'],
    ['of which no session can be read', JSON.stringify({ sessions: { w: { sessionId: 's1' } } })],
  ])('%s stays as it is, and is reported', async (_what, stored) => {
    const tabs = setUp({ legacy: importLegacy() }, stored)
    const { events } = await use(tabs)
    expect(tabs.blobNow()).toBe(stored)
    expect(events).toMatchObject([{ type: 'row-quarantined', error: { code: 'invalid-session' } }])
    // Nothing has to be put back once the app can read it.
    if (stored === blob) expect((await use({ ...tabs, openTab: () => tabs.openTab({ legacy }) })).events).toEqual([])
  })

  it('stays as it is without `legacy`', async () => {
    const tabs = setUp({})
    const { events } = await use(tabs)
    expect(tabs.blobNow()).toBe(blob)
    expect(events).toEqual([])
  })

  it.each([
    ['throws', () => JSON.parse('nonsense')],
    ['finds nothing', () => []],
    ['gives only what cannot be read', () => [{ conversationId: '', workspace: 'w' }]],
  ])('stays as it is where `read` %s', async (_what, read) => {
    const tabs = setUp({ legacy: importLegacy({ read }) })
    await use(tabs)
    expect(tabs.blobNow()).toBe(blob)
  })

  it('stays as it is where no content is kept', async () => {
    const tabs = setUp({ legacy: importLegacy(), persistContent: false })
    await use(tabs)
    expect(tabs.blobNow()).toBe(blob)
  })

  it('is replaced by the snapshot if there was nothing in it', async () => {
    const empty = JSON.stringify({ state: { sessions: [], currentConversationId: null }, version: 1 })
    const tabs = setUp({ legacy: importLegacy() }, empty)
    const { events } = await use(tabs)
    expect(JSON.parse(tabs.blobNow() ?? '')).toMatchObject({ writtenBy: 'leftoff', version: 1 })
    expect(events).toEqual([])
  })

  it('stays as it is while there is no room for the copy that is kept of one that was read in part', async () => {
    const part = JSON.stringify({ sessions: [{ conversationId: 'c1', workspace: 'w' }, { conversationId: 'c2' }] })
    const tabs = setUp({ legacy: importLegacy() }, part)
    const { localStorage } = tabs.browser
    const { setItem } = localStorage
    localStorage.setItem = (key, value) => {
      if (key.includes('/quarantine/')) throw Object.assign(new Error('full'), { name: 'QuotaExceededError' })
      setItem(key, value)
    }
    await use(tabs)
    expect(tabs.blobNow()).toBe(part)
  })
})

describe('a blob of another shape', () => {
  it('is imported by `read`, each conversation with its title, and the open one is opened', async () => {
    const { openTab, settle } = setUp({ legacy })
    const { store, events } = openTab()
    expect(await store.initConversation('w')).toBe('s1')
    await settle()
    expect(store.getState().sessions).toMatchObject([
      { conversationId: 's2', title: 'Fix the tests', messageCount: 2, lastActivity: 300_000 },
      { conversationId: 's3', workspace: 'w2', messageCount: 0 },
      { conversationId: 's1', title: 'Plan a trip to Oslo', messageCount: 4, startedAt: 100_000 },
    ])
    expect(events).toEqual([])
  })

  it('leaves an imported conversation its title when something is said in it', async () => {
    const { openTab, stored, clock } = setUp({ legacy })
    const { store } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('And by train?'))
    await clock.advance(2_000)
    expect(store.getState().sessions[0]).toMatchObject({ conversationId: 's1', title: 'Plan a trip to Oslo' })
    expect(await stored('s1')).toMatchObject({ title: 'Plan a trip to Oslo', messageCount: 5 })
  })

  it('is replaced by what `snapshot` gives, which is not imported again', async () => {
    const tabs = setUp({ legacy, snapshot })
    const { openTab, clock, stored } = tabs
    const { store, tab } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('And by train?'))
    await clock.advance(2_000)
    tab.close()
    const written = JSON.parse(tabs.blobNow() ?? '')
    expect(written).toMatchObject({ version: 2, state: { workspaces: { w: { currentSessionId: 's1' } } } })
    expect(written.state.workspaces.w.sessions).toMatchObject([
      { id: 's1', lastMessage: 'And by train?' },
      { id: 's2' },
    ])
    await use(tabs)
    expect(await stored('s2')).toMatchObject({ messageCount: 2 })
  })
})

import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { tabKey } from '../../src/core/tab-key.js'
import type { AgentSessionStore, ClaimedConversation } from '../../src/server/index.js'
import { type GuestStorage, guestApp, workspace } from './guest-app.js'

/** A guest who signs in, on any storage. `isKilledAt`: at which steps the server is killed; at all. */
export function guestStory(
  open: () => Promise<GuestStorage>,
  isKilledAt: (step: number) => boolean = () => true,
): void {
  it('signs in twice, on two devices, with one turn running: each conversation once, and the agent still knows the name', async () => {
    const storage = await open()
    const app = guestApp(storage)
    const { id: guest, cookie } = app.newGuest()
    const ada = `ada-${randomUUID()}`
    const ids = [1, 2, 3].map((number) => `c${number}-${randomUUID()}`)
    const [first = '', , running = ''] = ids
    for (const id of ids) {
      expect(await storage.run(app.ask(guest, id, id === first ? 'I am Ada' : 'Hello'))).toBe(
        id === first ? 'Ada' : 'nobody',
      )
      await app.record(guest, id, ['question', 'answer'])
    }
    let finish = (): void => {}
    app.hold(
      new Promise<void>((resolve) => {
        finish = resolve
      }),
    )
    const turn = app.ask(guest, running, 'I am Ada')
    const isRunning = async () => (await storage.sessions.getTurn(keyOf(guest, running)))?.state === 'running'
    await expect.poll(isRunning).toBe(true)

    // One device does not wait; the other's answer comes once all is done.
    const early = await storage.run(app.signIn(cookie, ada, { waitMs: 0 }))
    expect(early.claimed.map(({ conversationId }) => conversationId).sort()).toEqual(ids.slice(0, 2))
    expect(early.left).toMatchObject([{ conversationId: running, error: { code: 'turn-busy' } }])
    const both = Promise.all([app.signIn(cookie, ada), app.signIn(cookie, ada)])
    finish()
    expect(await storage.run(turn)).toBe('Ada')
    const results = await storage.run(both)
    expect(results.flatMap(({ claimed }) => claimed)).toEqual([{ workspace, conversationId: running }])
    expect(results.flatMap(({ left }) => left)).toEqual([])

    const history = await app.historyOf(ada)
    expect(history.map(({ conversationId }) => conversationId).sort()).toEqual(ids)
    expect(history.map(({ messageCount }) => messageCount)).toEqual([2, 2, 2])
    expect(await app.historyOf(guest)).toEqual([])
    expect(new Set(app.messages.map(({ userId }) => userId))).toEqual(new Set([ada]))
    for (const id of [first, running]) expect(await storage.run(app.ask(ada, id, 'Who am I?'))).toBe('Ada')
    for (const id of ids) expect(await storage.sessions.get(keyOf(guest, id))).toBeUndefined()
  })

  it('whose cookie is sent again, or whose id is guessed, gives nothing to anybody', async () => {
    const storage = await open()
    const app = guestApp(storage)
    const { id: guest, cookie } = app.newGuest()
    const [ada, eve] = [`ada-${randomUUID()}`, `eve-${randomUUID()}`]
    const conversationId = randomUUID()
    await storage.run(app.ask(guest, conversationId, 'I am Ada'))
    await app.record(guest, conversationId, ['question'])
    const conversations = [{ workspace, conversationId }]
    // Guessed: without the signature, with another guest's cookie, and by naming the conversation.
    expect(await app.signIn(`${guest}.${'a'.repeat(43)}`, eve, { conversations })).toEqual({ claimed: [], left: [] })
    await storage.run(app.signIn(app.newGuest().cookie, eve, { conversations }))
    expect(await app.historyOf(eve)).toEqual([])
    await storage.run(app.signIn(cookie, ada))
    // Sent again by somebody else, after its owner signed in.
    await storage.run(app.signIn(cookie, eve, { conversations }))
    expect(await app.historyOf(eve)).toEqual([])
    expect(await storage.run(app.ask(eve, conversationId, 'Who am I?'))).toBe('nobody')
    expect(await storage.run(app.ask(ada, conversationId, 'Who am I?'))).toBe('Ada')
    expect(app.messages.filter(({ userId }) => userId === eve)).toHaveLength(2)
  })

  it('is claimed by two people at once, as from a stolen cookie: each conversation is whole, and one of theirs', async () => {
    const storage = await open()
    const app = guestApp(storage)
    const { id: guest, cookie } = app.newGuest()
    const people = [`ada-${randomUUID()}`, `eve-${randomUUID()}`]
    const ids = [randomUUID(), randomUUID()].sort()
    for (const id of ids) {
      await storage.run(app.ask(guest, id, 'I am Ada'))
      await app.record(guest, id, ['question', 'answer'])
    }
    const conversations = ids.map((conversationId) => ({ workspace, conversationId }))
    const claims = people.map((person) => app.signIn(cookie, person, { conversations }))
    for (const { left } of await storage.run(Promise.all(claims))) expect(left).toEqual([])
    const rows = await Promise.all(people.map((person) => app.historyOf(person)))
    expect(
      rows
        .flat()
        .map(({ conversationId }) => conversationId)
        .sort(),
    ).toEqual(ids)
    for (const [index, person] of people.entries()) {
      for (const id of ids) {
        const isTheirs = rows[index]?.some(
          ({ conversationId, messageCount }) => conversationId === id && messageCount === 2,
        )
        expect((await storage.sessions.get(keyOf(person, id))) !== undefined).toBe(isTheirs)
        const owners = app.messages.filter(({ conversationId }) => conversationId === id).map(({ userId }) => userId)
        expect(owners).toHaveLength(2)
        expect(owners.every((owner) => owner === person)).toBe(isTheirs)
      }
    }
  })

  it('ends the same when the server is killed before any step, or after it, and asked again', async () => {
    let steps = stepsOfClaim + 1
    for (const isDone of [false, true]) {
      for (let at = 0; at < steps; at++) {
        if (!isKilledAt(at)) continue
        const storage = await open()
        const app = guestApp(storage)
        const { id: guest, cookie } = app.newGuest()
        const ada = `ada-${randomUUID()}`
        const conversationId = randomUUID()
        await storage.run(app.ask(guest, conversationId, 'I am Ada'))
        await app.record(guest, conversationId, ['question', 'answer'])
        const dying = dyingServer(storage, app.onConversation, { at, isDone })
        await storage.run(app.signIn(cookie, ada, { ...dying.parts, waitMs: 0, leaseMs: 100 }).catch(() => {}))
        if (!dying.isDead()) steps = at
        const { left } = await storage.run(app.signIn(cookie, ada, { leaseMs: 1_000 }))
        expect([at, isDone, left]).toEqual([at, isDone, []])
        expect([at, await app.historyOf(ada)]).toEqual([at, [{ conversationId, messageCount: 2 }]])
        expect([at, await app.historyOf(guest)]).toEqual([at, []])
        expect([at, await storage.sessions.get(keyOf(guest, conversationId))]).toEqual([at, undefined])
        expect([at, await storage.run(app.ask(ada, conversationId, 'Who am I?'))]).toEqual([at, 'Ada'])
        expect(app.messages.every(({ userId }) => userId === ada)).toBe(true)
      }
    }
    expect(steps).toBe(stepsOfClaim)
  })
}

/** The calls of one claim of one conversation: from the list to the removal of its row. */
const stepsOfClaim = 11

const keyOf = (userId: string, conversationId: string) => tabKey({ userId, workspace, tabId: conversationId })

/** Parts that stop working at one call, before or after it took effect, and stay so. */
function dyingServer(
  { sessions, history }: GuestStorage,
  onConversation: (conversation: ClaimedConversation) => void,
  { at, isDone }: { readonly at: number; readonly isDone: boolean },
) {
  let calls = 0
  async function through<T>(call: () => T | Promise<T>): Promise<T> {
    const number = calls++
    if (number > at || (number === at && !isDone)) throw new Error('killed')
    const result = await call()
    if (number === at) throw new Error('killed')
    return result
  }
  const dyingSessions: AgentSessionStore = {
    ...sessions,
    beginTurn: (...args) => through(() => sessions.beginTurn(...args)),
    renewTurn: (...args) => through(() => sessions.renewTurn(...args)),
    endTurn: (...args) => through(() => sessions.endTurn(...args)),
    delete: (...args) => through(() => sessions.delete(...args)),
  }
  return {
    isDead: () => calls > at,
    parts: {
      sessions: dyingSessions,
      history: {
        ...history,
        list: (...args: Parameters<typeof history.list>) => through(() => history.list(...args)),
        get: (...args: Parameters<typeof history.get>) => through(() => history.get(...args)),
        save: (...args: Parameters<typeof history.save>) => through(() => history.save(...args)),
        remove: (...args: Parameters<typeof history.remove>) => through(() => history.remove(...args)),
      },
      onConversation: (conversation: ClaimedConversation) => through(() => onConversation(conversation)),
    },
  }
}

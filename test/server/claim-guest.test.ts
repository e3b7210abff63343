import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { claimGuest, memoryAgentSessions, tabKey } from '../../src/server/index.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { guestStory } from '../support/guest-story.js'

async function open() {
  const clock = manualClock({ now: Date.now() })
  return {
    clock,
    sessions: memoryAgentSessions({ clock }),
    history: memoryAdapter({ clock }),
    /** Time passes until it has settled. */
    async run<T>(promise: Promise<T>): Promise<T> {
      let isSettled = false
      const settled = promise.finally(() => {
        isSettled = true
      })
      settled.catch(() => {})
      for (let passed = 0; !isSettled && passed < 600; passed++) await clock.advance(passed < 20 ? 0 : 100)
      return settled
    },
  }
}

describe('a guest', () => {
  guestStory(open)
})

describe('claimGuest', () => {
  const keyOf = (userId: string) => tabKey({ userId, workspace: 'w', tabId: 'c1' })
  const conversations = [{ workspace: 'w', conversationId: 'c1' }]

  it('moves what is on the device only: the agent session, and what the app does', async () => {
    const { sessions, clock } = await open()
    await sessions.set(keyOf('guest'), 'agent-1')
    const moved: unknown[] = []
    const onConversation = ({ signal, ...conversation }: { signal: AbortSignal }) => moved.push(conversation)
    const claim = () => claimGuest({ sessions, conversations, from: 'guest', to: 'ada', onConversation, clock })
    expect(await claim()).toEqual({ claimed: conversations, left: [] })
    expect(moved).toEqual([{ workspace: 'w', conversationId: 'c1', from: 'guest', to: 'ada' }])
    expect(await sessions.get(keyOf('ada'))).toBe('agent-1')
    expect(await sessions.get(keyOf('guest'))).toBeUndefined()
  })

  it('keeps the agent session that the user began in the conversation since', async () => {
    const { sessions, clock } = await open()
    await sessions.set(keyOf('guest'), 'older')
    await sessions.set(keyOf('ada'), 'newer')
    await claimGuest({ sessions, conversations, from: 'guest', to: 'ada', onConversation: () => {}, clock })
    expect(await sessions.get(keyOf('ada'))).toBe('newer')
  })

  it('leaves one that the app could not move, frees it, and moves the others', async () => {
    const { sessions, history, clock } = await open()
    const failure = new Error('no messages today')
    const onConversation = ({ conversationId }: { conversationId: string }) => {
      if (conversationId === 'c1') throw failure
    }
    const both = [...conversations, { workspace: 'w', conversationId: 'c2' }]
    const result = await claimGuest({
      sessions,
      history,
      conversations: both,
      from: 'guest',
      to: 'ada',
      onConversation,
      clock,
    })
    expect(result).toEqual({ claimed: [both[1]], left: [{ ...both[0], error: failure }] })
    expect(await sessions.getTurn(keyOf('guest'))).toBeUndefined()
  })

  it('does nothing for an account that keeps the id it had as a guest', async () => {
    const { sessions, history, clock } = await open()
    const onConversation = () => expect.unreachable()
    expect(
      await claimGuest({ sessions, history, conversations, from: 'ada', to: 'ada', onConversation, clock }),
    ).toEqual({ claimed: [], left: [] })
  })

  it('keeps removed what the user removed', async () => {
    const { sessions, history, clock } = await open()
    const begun = { userId: 'guest', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1 }
    await history.save([begun])
    await history.remove('ada', ['c1'])
    await claimGuest({ sessions, history, from: 'guest', to: 'ada', onConversation: () => {}, clock })
    expect(await history.get('ada', 'c1')).toBe('removed')
    expect(await history.get('guest', 'c1')).toBe('removed')
  })

  it.each([
    ['no guest', { from: '', to: 'ada' }],
    ['no user', { from: 'guest', to: '' }],
    ['what is no list', { conversations: 'all' }],
    ['what is no conversation', { conversations: [{ workspace: 'w' }] }],
    ['more than a device keeps', { conversations: Array.from({ length: 1_001 }, () => conversations[0]) }],
  ])('refuses %s', async (_what, wrong) => {
    const { sessions, clock } = await open()
    const options = { sessions, from: 'guest', to: 'ada', onConversation: () => expect.unreachable(), clock, ...wrong }
    await expect(Reflect.apply(claimGuest, undefined, [options])).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

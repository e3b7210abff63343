import { describe, expect, it } from 'vitest'
import type { SessionStoreOptions } from '../../../src/store/session-store.js'
import { openOrigin } from './origin.js'

const say = (text: string) => ({ role: 'user' as const, text })
const link = { conversationId: 'of-a-link', createUnknown: true } as const

describe.each(['working', 'missing', 'rejecting'] as const)(
  'ten tabs that follow one link at the same moment, locks %s',
  (lockMode) => {
    async function follow(options: object, userOf: (index: number) => string, own: Partial<SessionStoreOptions> = {}) {
      const origin = openOrigin()
      origin.browser.lockMode = lockMode
      const pages = Array.from({ length: 10 }, (_, index) => origin.openPage({ userId: userOf(index), ...own }))
      const openings = pages.map(({ store }) => store.initConversation('w', options))
      const ids = await origin.soon(Promise.all(openings), 5_000)
      return { ...origin, pages, ids }
    }

    async function rowsOf({ openPage, soon }: ReturnType<typeof openOrigin>, userId: string) {
      const { store } = openPage({ userId })
      await soon(store.initConversation('elsewhere'))
      return store.getState().sessions
    }

    it('begin one conversation, which one of them has; what all of them say in it is there, once', async () => {
      const world = await follow(link, () => 'ada')
      const { pages, ids, pass, soon } = world
      expect(new Set(ids)).toEqual(new Set(['of-a-link']))
      expect(pages.map(({ store }) => store.getState().status).sort()).toEqual(['ready', ...Array(9).fill('watching')])
      for (const [index, { store }] of pages.entries()) store.recordMessage(say(`from ${index}`))
      await pass(5_000)
      for (const { store } of pages) await soon(store.flush())
      expect(await rowsOf(world, 'ada')).toMatchObject([{ conversationId: 'of-a-link', messageCount: 10 }])
    })

    it('have ten conversations where a tab that comes second gets a new one', async () => {
      const { ids } = await follow(link, () => 'ada', { whenOpenElsewhere: 'new' })
      expect(ids.filter((id) => id === 'of-a-link')).toHaveLength(1)
      expect(new Set(ids).size).toBe(10)
    })

    it('of two users have one each, and see nothing of the other’s', async () => {
      const world = await follow(link, (index) => (index % 2 === 0 ? 'ada' : 'mallory'))
      for (const [index, { store }] of world.pages.entries()) {
        store.recordMessage(say(index % 2 === 0 ? 'of Ada' : 'of Mallory'))
      }
      await world.pass(5_000)
      for (const { store } of world.pages) await world.soon(store.flush())
      expect(await rowsOf(world, 'ada')).toMatchObject([
        { userId: 'ada', messageCount: 5, lastMessagePreview: 'of Ada' },
      ])
      expect(await rowsOf(world, 'mallory')).toMatchObject([
        { userId: 'mallory', messageCount: 5, lastMessagePreview: 'of Mallory' },
      ])
    })

    it('that somebody made up begin nothing under its id', async () => {
      const world = await follow({ conversationId: 'made-up' }, () => 'ada')
      expect(world.ids).not.toContain('made-up')
      for (const { events } of world.pages) expect(events).toContain('conversation-redirected')
    })
  },
)

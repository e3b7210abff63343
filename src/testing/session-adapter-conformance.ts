import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Change, SessionAdapter } from '../core/adapter.js'
import type { ConversationSession } from '../core/session.js'

/** What {@link sessionAdapterConformance} needs of an adapter. */
export interface SessionAdapterConformance {
  /** A handle for this user on the storage under test. Handles opened in one test share it. */
  readonly open: (userId: string) => SessionAdapter | Promise<SessionAdapter>
  /** Empties the storage under test; runs before each test. */
  readonly destroy: () => void | Promise<void>
}

/**
 * The tests that every `SessionAdapter` passes, one per sentence of its contract. Call it in a `describe` of vitest.
 *
 * @example
 * ```ts
 * import { memoryAdapter } from 'leftoff'
 * import { sessionAdapterConformance } from 'leftoff/testing'
 *
 * let adapter = memoryAdapter()
 * sessionAdapterConformance({
 *   open: () => adapter,
 *   destroy: () => {
 *     adapter = memoryAdapter()
 *   },
 * })
 * ```
 */
export function sessionAdapterConformance({ open, destroy }: SessionAdapterConformance): void {
  const opened: SessionAdapter[] = []

  async function handle(userId = 'u1'): Promise<SessionAdapter> {
    const adapter = await open(userId)
    opened.push(adapter)
    return adapter
  }

  beforeEach(destroy)
  afterEach(async () => {
    for (const adapter of opened.splice(0)) await adapter.close?.()
  })

  describe('reading', () => {
    it('gives what was saved, whole, also through another handle', async () => {
      const row = session({
        tabId: 't1',
        messageCount: 4,
        lastMessagePreview: 'see you 🙂',
        title: 'Greeting',
        tokenUsage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
      })
      const first = await handle()
      expect(await first.save([create(row)])).toEqual([])
      const second = await handle()
      expect(await second.get('u1', 'c1')).toEqual(row)
      expect(await second.list('u1', { limit: 10 })).toEqual([row])
    })

    it('gives undefined for a session that does not exist', async () => {
      expect(await (await handle()).get('u1', 'nowhere')).toBeUndefined()
    })

    it('lists newest activity first, ties by id, at most the limit', async () => {
      const adapter = await handle()
      await adapter.save(
        ['b', 'a', 'd', 'c'].map((id, at) => create(session({ conversationId: id, lastActivity: at >> 1 }))),
      )
      expect(ids(await adapter.list('u1', { limit: 10 }))).toEqual(['c', 'd', 'a', 'b'])
      expect(ids(await adapter.list('u1', { limit: 3 }))).toEqual(['c', 'd', 'a'])
    })

    it('lists oldest first when asked', async () => {
      const adapter = await handle()
      await adapter.save(
        ['b', 'a', 'd', 'c'].map((id, at) => create(session({ conversationId: id, lastActivity: at >> 1 }))),
      )
      expect(ids(await adapter.list('u1', { limit: 3, order: 'oldest' }))).toEqual(['a', 'b', 'c'])
    })

    it('lists one workspace or all', async () => {
      const adapter = await handle()
      await adapter.save([
        create(session({ conversationId: 'a', workspace: 'w', lastActivity: 1 })),
        create(session({ conversationId: 'b', workspace: 'w/2', lastActivity: 2 })),
        create(session({ conversationId: 'c', workspace: 'W', lastActivity: 3 })),
      ])
      expect(ids(await adapter.list('u1', { workspace: 'w', limit: 10 }))).toEqual(['a'])
      expect(ids(await adapter.list('u1', { workspace: 'w/2', limit: 10 }))).toEqual(['b'])
      expect(ids(await adapter.list('u1', { limit: 10 }))).toEqual(['c', 'b', 'a'])
    })

    it('keeps users apart', async () => {
      const mine = await handle('u1')
      const theirs = await handle('u2')
      await mine.save([create(session({ userId: 'u1', title: 'mine' }))])
      await theirs.save([create(session({ userId: 'u2', title: 'theirs' }))])
      expect(await theirs.get('u2', 'c1')).toMatchObject({ title: 'theirs' })
      await theirs.remove('u2', ['c1'])
      expect(await mine.get('u1', 'c1')).toMatchObject({ title: 'mine' })
      expect(await theirs.list('u2', { limit: 10 })).toEqual([])
      await theirs.clear('u2')
      expect(await mine.list('u1', { limit: 10 })).toHaveLength(1)
    })
  })

  describe('saving', () => {
    it('accepts a change whose base is the stored revision', async () => {
      const adapter = await handle()
      await adapter.save([create(session())])
      expect(await adapter.save([update(session({ revision: 1 }), { messageCount: 5 })])).toEqual([])
      expect(await adapter.get('u1', 'c1')).toMatchObject({ revision: 2, messageCount: 5 })
    })

    it('refuses a change made from an older revision and tells what is stored', async () => {
      const [first, second] = [await handle(), await handle()]
      await first.save([create(session())])
      await first.save([update(session({ revision: 1 }), { messageCount: 5 })])
      const [refusal] = await second.save([update(session({ revision: 1 }), { messageCount: 9 })])
      expect(refusal).toEqual({
        conversationId: 'c1',
        reason: 'changed',
        stored: session({ revision: 2, messageCount: 5 }),
      })
      expect(await second.get('u1', 'c1')).toMatchObject({ messageCount: 5 })
    })

    it('refuses to create what exists', async () => {
      const adapter = await handle()
      await adapter.save([create(session({ title: 'first' }))])
      const again = { ...create(session({ title: 'second' })), saveId: 'another' }
      expect(await adapter.save([again])).toMatchObject([
        { reason: 'changed', stored: { title: 'first', revision: 1 } },
      ])
    })

    it('refuses to create what exists in another workspace', async () => {
      const adapter = await handle()
      await adapter.save([create(session({ workspace: 'here' }))])
      const elsewhere = { ...create(session({ workspace: 'there' })), saveId: 'another' }
      expect(await adapter.save([elsewhere])).toMatchObject([{ reason: 'changed', stored: { workspace: 'here' } }])
      const later = update(session({ workspace: 'there', revision: 7 }), {})
      expect(await adapter.save([later])).toMatchObject([{ reason: 'changed', stored: { workspace: 'here' } }])
      expect(await adapter.list('u1', { limit: 10 })).toHaveLength(1)
    })

    it('takes a change with the saveId of the last accepted one for a repeat: accepted, nothing changes', async () => {
      const [first, second] = [await handle(), await handle()]
      const change = update(session({ revision: 1 }), { messageCount: 5 })
      await first.save([create(session())])
      await first.save([change])
      expect(await second.save([change])).toEqual([])
      expect(await second.get('u1', 'c1')).toMatchObject({ revision: 2, messageCount: 5 })
    })

    it('refuses a change of a row that does not exist as missing', async () => {
      const adapter = await handle()
      expect(await adapter.save([update(session({ revision: 3 }), {})])).toEqual([
        { conversationId: 'c1', reason: 'missing' },
      ])
      expect(await adapter.get('u1', 'c1')).toBeUndefined()
    })

    it('decides on each row by itself', async () => {
      const adapter = await handle()
      await adapter.save([create(session({ conversationId: 'old' }))])
      const refusals = await adapter.save([
        create(session({ conversationId: 'new' })),
        update(session({ conversationId: 'old', revision: 7 }), {}),
        update(session({ conversationId: 'none', revision: 1 }), {}),
        create(session({ conversationId: 'newer' })),
      ])
      expect(refusals.map(({ conversationId, reason }) => [conversationId, reason])).toEqual([
        ['old', 'changed'],
        ['none', 'missing'],
      ])
      expect(ids(await adapter.list('u1', { limit: 10 }))).toEqual(['new', 'newer', 'old'])
    })

    it('takes a title alone, from a handle that did not save the row', async () => {
      const [owner, other] = [await handle(), await handle()]
      await owner.save([create(session({ messageCount: 2 }))])
      expect(await other.save([update(session({ messageCount: 2, revision: 1 }), { title: 'Named' })])).toEqual([])
      expect(await owner.get('u1', 'c1')).toEqual(session({ messageCount: 2, title: 'Named', revision: 2 }))
      expect(await owner.save([update(session({ messageCount: 3, revision: 1 }), {})])).toMatchObject([
        { reason: 'changed', stored: { title: 'Named', revision: 2 } },
      ])
      expect(await owner.save([update(session({ messageCount: 3, title: 'Named', revision: 2 }), {})])).toEqual([])
      expect(await other.get('u1', 'c1')).toEqual(session({ messageCount: 3, title: 'Named', revision: 3 }))
    })

    it('takes a title away', async () => {
      const adapter = await handle()
      await adapter.save([create(session({ title: 'Named' }))])
      expect(await adapter.save([update(session({ revision: 1 }), {})])).toEqual([])
      expect(await adapter.get('u1', 'c1')).toEqual(session({ revision: 2 }))
    })

    it('saves nothing when there is nothing to save', async () => {
      const adapter = await handle()
      expect(await adapter.save([])).toEqual([])
      expect(await adapter.list('u1', { limit: 10 })).toEqual([])
    })
  })

  describe('removing', () => {
    it('removes rows and refuses late writers, whatever their base', async () => {
      const [first, second] = [await handle(), await handle()]
      await first.save([create(session())])
      await first.remove('u1', ['c1'])
      expect(await second.get('u1', 'c1')).toBeUndefined()
      expect(await second.list('u1', { limit: 10 })).toEqual([])
      expect(await second.save([update(session({ revision: 1 }), {})])).toEqual([
        { conversationId: 'c1', reason: 'removed' },
      ])
      expect(await second.save([{ ...create(session()), saveId: 'late' }])).toEqual([
        { conversationId: 'c1', reason: 'removed' },
      ])
    })

    it('finds removing nothing fine, and removing twice', async () => {
      const adapter = await handle()
      await adapter.remove('u1', [])
      await adapter.save([create(session())])
      await adapter.remove('u1', ['c1', 'never-there'])
      await adapter.remove('u1', ['c1'])
      expect(await adapter.list('u1', { limit: 10 })).toEqual([])
    })

    it('clears one workspace, leaving tombstones as removing does', async () => {
      const adapter = await handle()
      await adapter.save([
        create(session({ conversationId: 'a', workspace: 'w' })),
        create(session({ conversationId: 'b', workspace: 'w2' })),
      ])
      await adapter.clear('u1', 'w')
      expect(ids(await adapter.list('u1', { limit: 10 }))).toEqual(['b'])
      expect(
        await adapter.save([{ ...create(session({ conversationId: 'a', workspace: 'w' })), saveId: 'late' }]),
      ).toEqual([{ conversationId: 'a', reason: 'removed' }])
    })

    it('clears all workspaces', async () => {
      const adapter = await handle()
      await adapter.save([
        create(session({ conversationId: 'a', workspace: 'w' })),
        create(session({ conversationId: 'b', workspace: 'w2' })),
      ])
      await adapter.clear('u1')
      expect(await adapter.list('u1', { limit: 10 })).toEqual([])
    })
  })

  // An adapter without `subscribe` tells nothing: the store reads again by itself, which must show the same.
  describe('subscribing', () => {
    it('tells the ids of what changed, other handles included, after the change can be read', async () => {
      const [writer, reader] = [await handle(), await handle()]
      const told = whenTold(reader, async (conversationIds) =>
        conversationIds.includes('c1') ? reader.get('u1', 'c1') : undefined,
      )
      await writer.save([create(session({ title: 'news' }))])
      expect(await (told ?? reader.get('u1', 'c1'))).toMatchObject({ title: 'news' })
    })

    it('tells of removals', async () => {
      const [writer, reader] = [await handle(), await handle()]
      await writer.save([create(session())])
      // It may still be the save that is told of: at least once, perhaps late.
      const told = whenTold(reader, async () => ((await reader.get('u1', 'c1')) ? undefined : 'gone'))
      await writer.remove('u1', ['c1'])
      expect(await (told ?? reader.get('u1', 'c1'))).toBe(told && 'gone')
    })
  })

  describe('forgetting a user', () => {
    it('leaves nothing of the user, not even tombstones, and others as they are', async () => {
      const [mine, theirs] = [await handle('u1'), await handle('u2')]
      if (!mine.forget) return expect(mine.place).toBe('account')
      await mine.save([create(session()), create(session({ conversationId: 'c2' }))])
      await mine.remove('u1', ['c2'])
      await theirs.save([create(session({ userId: 'u2' }))])
      await mine.forget('u1')
      expect(await mine.list('u1', { limit: 10 })).toEqual([])
      expect(await theirs.list('u2', { limit: 10 })).toHaveLength(1)
      expect(await mine.save([create(session({ conversationId: 'c2' }))])).toEqual([])
      expect(await mine.get('u1', 'c2')).toBeDefined()
    })

    it('where saves are committed, refuses those of a handle that had the user before, until it forgets too', async () => {
      const [first, second] = [await handle(), await handle()]
      if (!first.forget || first.durability !== 'committed') return expect(first.durability).toBeDefined()
      await second.save([create(session())])
      await first.forget('u1')
      await expect(second.save([create(session({ conversationId: 'late' }))])).rejects.toMatchObject({
        code: 'signed-out',
      })
      await second.forget?.('u1')
      expect(await second.save([create(session({ conversationId: 'again' }))])).toEqual([])
      expect(await first.save([create(session({ conversationId: 'here' }))])).toEqual([])
      expect(ids(await first.list('u1', { limit: 10 }))).toEqual(['again', 'here'])
    })
  })

  it('closes twice', async () => {
    const adapter = await handle()
    await adapter.list('u1', { limit: 1 })
    await adapter.close?.()
    await adapter.close?.()
    expect(await (await handle()).list('u1', { limit: 1 })).toEqual([])
  })
}

/** What `read` gives, once it gives something after a change was told of. */
function whenTold<T>(
  reader: SessionAdapter,
  read: (conversationIds: readonly string[]) => Promise<T | undefined>,
): Promise<T> | undefined {
  if (!reader.subscribe) return undefined
  return new Promise((resolve, reject) => {
    const stop = reader.subscribe?.('u1', (conversationIds) => {
      read(conversationIds).then((found) => {
        if (found === undefined) return
        stop?.()
        resolve(found)
      }, reject)
    })
  })
}

function session(fields: Partial<ConversationSession> = {}): ConversationSession {
  return {
    conversationId: 'c1',
    workspace: 'w',
    userId: 'u1',
    startedAt: 1,
    lastActivity: 1,
    messageCount: 0,
    revision: 1,
    ...fields,
  }
}

function create(row: ConversationSession): Change {
  return { session: { ...row, revision: 1 }, base: 0, saveId: `create ${row.conversationId}` }
}

function update(row: ConversationSession, fields: Partial<ConversationSession>): Change {
  const changed = { ...row, ...fields, revision: row.revision + 1 }
  return { session: changed, base: row.revision, saveId: `update ${JSON.stringify(changed)}` }
}

function ids(sessions: readonly ConversationSession[]): string[] {
  return sessions.map(({ conversationId }) => conversationId)
}

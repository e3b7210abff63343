import { expect, it } from 'vitest'
import { epochKey } from '../../../src/core/keys-and-ids.js'
import { olderBlob } from '../../faults/older-blob.js'
import { keysOf } from '../../support/tabs.js'
import { name, openOrigin } from './origin.js'

// test/store/hostile-storage.test.ts asks each reader with random values; this asks whole pages, at every key that a page writes.

const say = (text: string) => ({ role: 'user' as const, text })
const planted = [
  '',
  'null',
  '[]',
  '{}',
  '"x"',
  '-1e999',
  '[null]',
  '{"__proto__":{"polluted":1},"epoch":""}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"conversationId":{"toString":1},"epoch":"","ids":"all","at":"soon","turns":{},"text":7}',
  '{"conversationId":"of-bob","epoch":"","schemaVersion":1,"removed":true,"dueAt":0,"counts":{},"scopes":[]}',
  '['.repeat(20_000),
  '\ud800\0',
]

/** Otherwise each key gets a third of them. */
const isSoak = process.env.LEFTOFF_SOAK === '1'

type Stored = readonly (readonly [key: string, value: string])[]

/** What Ada and Bob leave in the browser when Ada's page has said, typed, sent, removed and left something. */
async function lives(): Promise<{ readonly local: Stored; readonly session: Stored }> {
  const { openPage, soon, pass, browser } = openOrigin()
  const bob = openPage({ userId: 'bob' })
  await soon(bob.store.initConversation('w', { conversationId: 'of-bob', createUnknown: true }))
  bob.store.recordMessage(say('of Bob'))
  await soon(bob.store.flush())
  bob.close()
  browser.localStorage.setItem(name, olderBlob(['older']))
  const { store, client, tab } = openPage({ userId: 'ada' })
  for (const conversationId of ['removed', 'kept', 'current']) {
    await soon(store.initConversation(`w-${conversationId}`, { conversationId, createUnknown: true }))
    store.recordMessage(say(`in ${conversationId}`))
    store.setDraft(conversationId, 'a draft')
    void client
      .send({ userId: 'ada', workspace: 'w', conversationId }, { message: 'a question' })
      .next()
      .catch(() => {})
  }
  await soon(store.flush())
  await soon(store.removeConversation('removed'))
  void store.removeConversation('current', { undoMs: 60_000 })
  tab.tell('hidden')
  await pass(1_000)
  tab.tell('pagehide')
  const read = (storage: Parameters<typeof keysOf>[0]) =>
    keysOf(storage).map((key) => [key, storage.getItem(key) ?? ''] as const)
  return { local: read(browser.localStorage), session: read(tab.sessionStorage) }
}

it('a value that is planted at any key costs what it replaces, and nothing else', async () => {
  const { local, session } = await lives()
  const kinds = new Set([...local, ...session].map(([key]) => key.slice(name.length).split('/')[1] ?? 'snapshot'))
  expect([...kinds].sort()).toEqual(
    expect.arrayContaining(['draft', 'journal', 'left', 'part', 'pointer', 'removed', 'snapshot', 'unsent']),
  )
  // Written by a sign-out, and by whoever sets something aside.
  const others: Stored = [
    [epochKey(name, 'ada'), ''],
    [`${name}/import-over`, ''],
    [`${name}/quarantine/${name}`, ''],
  ]
  const targets = [
    ...[...local, ...others].map(([key]) => [key, false] as const),
    ...session.map(([key]) => [key, true] as const),
  ]
  for (const [index, [target, isOfTab]] of targets.entries()) {
    for (const value of planted.filter((_, n) => isSoak || n % 3 === index % 3)) {
      const { openPage, soon, browser } = openOrigin()
      const tab = browser.openTab()
      for (const [key, text] of local) browser.localStorage.setItem(key, text)
      for (const [key, text] of session) tab.sessionStorage.setItem(key, text)
      ;(isOfTab ? tab.sessionStorage : browser.localStorage).setItem(target, value)

      const { store, client } = openPage({ userId: 'ada' }, tab)
      const opened = await soon(store.initConversation('w-kept'))
      store.recordMessage(say('afterwards'))
      await soon(store.flush())
      client.unsent({ userId: 'ada', workspace: 'w', conversationId: 'kept' })
      expect(store.draftOf(opened)).toBeTypeOf('string')
      const shown = [target, value.slice(0, 40), store.getState().status]
      expect(shown).toEqual([target, value.slice(0, 40), 'ready'])

      const next = openPage({ userId: 'ada' })
      await soon(next.store.initConversation('w-next'))
      const rows = next.store.getState().sessions
      const previews = rows.map(({ lastMessagePreview }) => lastMessagePreview)
      expect([target, value, previews]).toEqual([target, value, expect.arrayContaining(['afterwards'])])
      expect(JSON.stringify(rows)).not.toContain('of Bob')
      expect([target, value, rows.some((row) => row.conversationId === 'removed' || row.userId !== 'ada')]).toEqual([
        target,
        value,
        false,
      ])
      const isOfIt = target.includes('/kept/') || target === epochKey(name, 'ada')
      if (!isOfIt && opened === 'kept') {
        expect([target, rows.find(({ conversationId }) => conversationId === 'kept')?.messageCount]).toEqual([
          target,
          2,
        ])
      }
      const bob = openPage({ userId: 'bob' })
      await soon(bob.store.initConversation('w-other'))
      if (!target.includes('/bob/'))
        expect(bob.store.getState().sessions).toMatchObject([{ conversationId: 'of-bob', messageCount: 1 }])
      expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    }
  }
})

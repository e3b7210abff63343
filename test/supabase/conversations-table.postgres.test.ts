import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { createSessionStore, httpAdapter } from '../../src/index.js'
import { fakeBrowser } from '../../src/testing/index.js'
import { type GuideApp, setUpGuideApp } from '../e2e/guides/guide-app.js'
import { freshDatabase } from './fresh-database.js'

// docs/conversations-table.md as it stands, with the packed package and the files of SQL that it has.

let app: GuideApp | undefined
afterAll(() => app?.end())

const read = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

it('keeps a history beside a table of the app, and removes the row of the app with its conversation', async () => {
  const database = await freshDatabase()
  const role = `app_${randomUUID().slice(0, 8)}`
  app = await setUpGuideApp('docs/conversations-table.md')
  const table = /^```sql\n([\s\S]*?)^```$/m.exec(await read('docs/conversations-table.md'))?.[1] ?? ''
  await database.run(table)
  const files = [...(await read('docs/your-own-api.md')).matchAll(/^\| `(\d+_\w+\.sql)` \|/gm)].map(
    ([, name = '']) => name,
  )
  expect(files).toHaveLength(7)
  for (const file of files) {
    await database.run(await readFile(join(app.folder, 'node_modules/leftoff/supabase/migrations', file), 'utf8'))
  }
  await database.run(`create role ${role} login; grant leftoff_server to ${role};
    grant select, insert, delete on conversations to ${role};
    insert into conversations (user_id, id, project) values ('ada', 'c1', 'demo'), ('bob', 'c1', 'other')`)

  const url = new URL(database.url ?? '')
  url.username = role
  await app.replace('port: 3000', 'port: 0')
  const address = await app.run('server/main.ts', { DATABASE_URL: url.href })
  const asAda = (path: string | URL | Request, init?: RequestInit) => {
    const headers = new Headers(init?.headers)
    headers.set('x-user', 'ada')
    return fetch(path, { ...init, headers })
  }
  const listed = async () => (await asAda(`${address}/api/conversations`)).json()

  const { browser } = fakeBrowser().openTab()
  const adapter = httpAdapter({ url: `${address}/api/sessions`, fetch: asAda })
  const store = createSessionStore({ adapter, userId: 'ada', browser })
  await store.initConversation('demo', { conversationId: 'c1', createUnknown: true })
  store.recordMessage({ role: 'user', text: 'Hello there', conversationId: 'c1' })
  await store.flush()
  expect(await listed()).toEqual([
    { id: 'c1', project: 'demo', title: 'Hello there', messages: '1', preview: 'Hello there' },
  ])
  await store.removeConversation('c1')
  await store.flush()
  expect(await listed()).toEqual([])
  expect(await database.run('select user_id from conversations')).toEqual([{ user_id: 'bob' }])
  expect((await fetch(`${address}/api/conversations`)).status).toBe(401)
  await store.dispose()
  await adapter.close?.()
})

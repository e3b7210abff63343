import { Dexie } from 'dexie'
import { measureBare } from './measure-bare.mjs'

// What Dexie needs without leftoff: opening the database with its tables, and reading the ten newest rows of the workspace.
measureBare(async () => {
  const workspace = new URL(location.href).searchParams.get('workspace')
  const dexie = new Dexie('claude-session-storage')
  dexie.version(2).stores({
    sessions:
      '[userId+conversationId], [userId+newestFirst+conversationId], [userId+workspace+newestFirst+conversationId]',
    tombstones: '[userId+conversationId], removedAt',
    epochs: 'user',
    quarantine: '++, key',
  })
  const rows = await dexie
    .table('sessions')
    .where('[userId+workspace+newestFirst+conversationId]')
    .between(['', workspace, Dexie.minKey, Dexie.minKey], ['', workspace, Dexie.maxKey, Dexie.maxKey])
    .limit(10)
    .toArray()
  return rows.length
})

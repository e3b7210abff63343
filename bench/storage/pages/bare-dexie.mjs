import { Dexie } from 'dexie'

// What Dexie needs without leftoff: opening the database with its tables, and reading the ten newest rows of the workspace.

const start = performance.now()
const workspace = new URL(location.href).searchParams.get('workspace')
const dexie = new Dexie('claude-session-storage')
dexie.version(2).stores({
  sessions:
    '[userId+conversationId], [userId+newestFirst+conversationId], [userId+workspace+newestFirst+conversationId]',
  tombstones: '[userId+conversationId], removedAt',
  epochs: 'user',
  quarantine: '++, key',
})
const ready = dexie
  .table('sessions')
  .where('[userId+workspace+newestFirst+conversationId]')
  .between(['', workspace, Dexie.minKey, Dexie.minKey], ['', workspace, Dexie.maxKey, Dexie.maxKey])
  .limit(10)
  .toArray()
  .then((rows) => {
    const pageMs = performance.now()
    const readyMs = pageMs - start
    return {
      readyMs,
      resumedMs: readyMs,
      scriptMs: start - globalThis.pageStart,
      freeMs: readyMs,
      pageMs,
      shown: rows.length,
    }
  })
Object.assign(globalThis, { bench: { ready } })

import * as fake from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import { dexieAdapter } from '../../src/adapters/dexie/index.js'
import { dexieBehaviour } from './dexie-behaviour.js'
import { dexieDatabaseBehaviour } from './dexie-database-behaviour.js'

describe('dexieAdapter on an IndexedDB in memory', () => {
  dexieBehaviour(fake)
  dexieDatabaseBehaviour(fake)
})

describe('dexieAdapter on a server', () => {
  it('can be made, and says that there is no IndexedDB', async () => {
    const adapter = dexieAdapter()
    await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({
      code: 'storage-unavailable',
      message: 'There is no IndexedDB: this is not a browser.',
    })
  })
})

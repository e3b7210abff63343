import { describe } from 'vitest'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { unreadable } from './dexie-harness.js'

const name = 'leftoff-test'

describe('localStorageAdapter, in a browser', () => {
  sessionAdapterConformance({
    open: () => localStorageAdapter({ name }),
    destroy: () => localStorage.clear(),
    plant(kind, userId, conversationId) {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith(`${name}/part/${userId}/`) || !key.includes(`/${conversationId}/`)) continue
        localStorage.setItem(key, JSON.stringify(unreadable(kind, JSON.parse(localStorage.getItem(key) ?? '{}'))))
      }
    },
  })
})

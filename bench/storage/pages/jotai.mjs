import { createStore } from 'jotai/vanilla'
import { atomWithStorage } from 'jotai/vanilla/utils'
import { measure } from './measure.mjs'
import { newestOf, newSession, touched } from './sessions.mjs'

/** @typedef {import('./sessions.mjs').Session} Session */

measure(() => {
  const atom = atomWithStorage('sessions', /** @type {readonly Session[]} */ ([]), undefined, { getOnInit: true })
  const store = createStore()
  // Mounted, so that jotai takes in what other tabs write.
  store.sub(atom, () => {})

  return {
    settle: async () => {},
    seed: async (sessions) => store.set(atom, sessions),
    open: async (workspace) => newestOf(store.get(atom), workspace),
    begin(workspace) {
      const session = newSession(crypto.randomUUID(), workspace)
      store.set(atom, (sessions) => [...sessions, session])
      return session.conversationId
    },
    touch: (id) => store.set(atom, (sessions) => touched(sessions, id)),
    all: async () => store.get(atom),
  }
})

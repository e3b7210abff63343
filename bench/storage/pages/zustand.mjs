import { persist } from 'zustand/middleware'
import { createStore } from 'zustand/vanilla'
import { newestOf, newSession, touched } from './sessions.mjs'

/** @typedef {import('./sessions.mjs').Session} Session */
/** @typedef {{ sessions: readonly Session[] }} State */

/**
 * zustand with its persist middleware.
 *
 * @param {import('zustand/middleware').PersistStorage<State> | undefined} storage
 * @param {() => Promise<void>} settle
 * @returns {import('./measure.mjs').Library}
 */
export function zustandLibrary(storage, settle) {
  const store = createStore(
    persist(() => ({ sessions: /** @type {readonly Session[]} */ ([]) }), { name: 'sessions', storage }),
  )

  /** @returns {Promise<void>} */
  const hydrated = () =>
    new Promise((resolve) => {
      if (store.persist.hasHydrated()) resolve()
      else store.persist.onFinishHydration(() => resolve())
    })

  return {
    settle,
    async seed(sessions) {
      await hydrated()
      store.setState({ sessions })
    },
    async open(workspace) {
      await hydrated()
      return newestOf(store.getState().sessions, workspace)
    },
    begin(workspace) {
      const session = newSession(crypto.randomUUID(), workspace)
      store.setState(({ sessions }) => ({ sessions: [...sessions, session] }))
      return session.conversationId
    },
    touch: (id) => store.setState(({ sessions }) => ({ sessions: touched(sessions, id) })),
    async all() {
      await hydrated()
      return store.getState().sessions
    },
  }
}

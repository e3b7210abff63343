import { legacy_createStore as createStore } from 'redux'
import { persistReducer, persistStore } from 'redux-persist'
import createWebStorage from 'redux-persist/es/storage/createWebStorage'
import { measure } from './measure.mjs'
import { newestOf, newSession, touched } from './sessions.mjs'

/** @typedef {import('./sessions.mjs').Session} Session */
/** @typedef {{ sessions: readonly Session[] }} State */
/** @typedef {(sessions: readonly Session[]) => readonly Session[]} Change */

/** @type {(state: State | undefined, action: { type: string, change?: Change }) => State} */
const reducer = (state = { sessions: [] }, { change }) => (change ? { sessions: change(state.sessions) } : state)

measure(() => {
  const store = createStore(persistReducer({ key: 'sessions', storage: createWebStorage('local') }, reducer))
  /** @type {import('redux-persist').Persistor | undefined} */
  let persistor
  /** @type {Promise<void>} */
  const hydrated = new Promise((resolve) => {
    persistor = persistStore(store, null, resolve)
  })

  /** @param {Change} change */
  const dispatch = (change) => store.dispatch({ type: 'changed', change })

  return {
    settle: async () => persistor?.flush(),
    async seed(sessions) {
      await hydrated
      dispatch(() => sessions)
    },
    async open(workspace) {
      await hydrated
      return newestOf(store.getState().sessions, workspace)
    },
    begin(workspace) {
      const session = newSession(crypto.randomUUID(), workspace)
      dispatch((sessions) => [...sessions, session])
      return session.conversationId
    },
    touch: (id) => dispatch((sessions) => touched(sessions, id)),
    async all() {
      await hydrated
      return store.getState().sessions
    },
  }
})

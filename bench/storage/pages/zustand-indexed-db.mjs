import { del, get, set } from 'idb-keyval'
import { createJSONStorage } from 'zustand/middleware'
import { measure } from './measure.mjs'
import { zustandLibrary } from './zustand.mjs'

/** @type {Promise<void>} */
let written = Promise.resolve()

const storage = createJSONStorage(() => ({
  getItem: async (name) => (await get(name)) ?? null,
  setItem(name, value) {
    const writing = set(name, value)
    written = Promise.all([written, writing]).then(() => {})
    return writing
  },
  removeItem: (name) => del(name),
}))

measure(() => zustandLibrary(storage, () => written))

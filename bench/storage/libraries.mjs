/**
 * @typedef {object} LibraryUnderTest
 * @property {string} id Its page in `pages/`.
 * @property {string} label
 * @property {boolean} isOurs
 */

/** @type {readonly LibraryUnderTest[]} */
const known = [
  { id: 'zustand-local-storage', label: 'zustand persist, localStorage', isOurs: false },
  { id: 'zustand-indexed-db', label: 'zustand persist, IndexedDB', isOurs: false },
  { id: 'jotai', label: 'jotai atomWithStorage', isOurs: false },
  { id: 'redux-persist', label: 'redux-persist', isOurs: false },
  { id: 'leftoff-local-storage', label: 'leftoff, localStorage', isOurs: true },
  { id: 'leftoff-dexie', label: 'leftoff, Dexie', isOurs: true },
]

/**
 * The libraries to compare: all, or those named.
 *
 * @param {string | undefined} ids Separated by commas.
 * @returns {readonly LibraryUnderTest[]}
 */
export function chooseLibraries(ids) {
  const wanted = ids?.split(',') ?? known.map(({ id }) => id)
  for (const id of wanted) {
    if (known.some((library) => library.id === id)) continue
    throw new Error(`Unknown library "${id}". There are: ${known.map((library) => library.id).join(', ')}.`)
  }
  return known.filter(({ id }) => wanted.includes(id))
}

/**
 * Sessions in IndexedDB, with Dexie.
 *
 * @module leftoff/dexie
 */

export type { ChangeChannel } from './change-signal.js'
export { type DexieAdapterOptions, dexieAdapter } from './dexie-adapter.js'

export type { ChangeChannel } from './change-signal.js'
export { type DexieAdapterOptions, dexieAdapter } from './dexie-adapter.js'

import type { Clock } from '../../src/core/clock.js'
import type { SupabaseRpcClient } from '../../src/core/supabase-rpc.js'
import type { BrowserOptions } from './device.js'

/** An IndexedDB, such as one in memory. */
export interface IndexedDb {
  readonly indexedDB: IDBFactory
  readonly IDBKeyRange: typeof globalThis.IDBKeyRange
}

export interface WorldOptions {
  /** `account`: in memory, shared by all devices. Default: `localStorage`. */
  readonly adapter?:
    | 'localStorage'
    | 'memory'
    | 'account'
    | { readonly dexie: IndexedDb }
    | { readonly supabase: SupabaseRpcClient }
}

export interface PageOptions extends BrowserOptions {
  /** The device of the page. Default: `desk`. */
  readonly device?: string
  /** `''`: an app without users. `null`: the user is not known yet. */
  readonly user?: string | null
  /** The name of the store within its document. */
  readonly panel?: string
  /** How far the page's clock is ahead. */
  readonly clockAheadMs?: number
  readonly clock?: Clock
  readonly openTimeoutMs?: number
  readonly persistContent?: boolean
  /** The sessions of the initial state, unchecked. */
  readonly initialSessions?: readonly unknown[]
  /** Whether the adapter is a class instance. */
  readonly hasClassAdapter?: boolean
}

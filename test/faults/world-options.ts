import type { Clock } from '../../src/core/clock.js'
import type { SupabaseRpcClient } from '../../src/core/supabase-rpc.js'
import type { BrowserOptions } from './device.js'

/** An IndexedDB that the tests can have to themselves. */
export interface IndexedDb {
  readonly indexedDB: IDBFactory
  readonly IDBKeyRange: typeof globalThis.IDBKeyRange
}

export interface WorldOptions {
  /** `account`: in memory, shared by all devices. `localStorage` when omitted. */
  readonly adapter?:
    | 'localStorage'
    | 'memory'
    | 'account'
    | { readonly dexie: IndexedDb }
    | { readonly supabase: SupabaseRpcClient }
}

export interface PageOptions extends BrowserOptions {
  /** The device the page is on, `desk` when omitted. */
  readonly device?: string
  /** `''` is an app without users, `null` one whose user is not known yet. */
  readonly user?: string | null
  /** Which part of its document the store serves. */
  readonly panel?: string
  /** How far the page's clock is ahead. */
  readonly clockAheadMs?: number
  readonly clock?: Clock
  readonly openTimeoutMs?: number
  readonly persistContent?: boolean
  /** What a server passed on, whatever it is. */
  readonly initialSessions?: readonly unknown[]
  /** Whether the adapter's methods are its prototype's. */
  readonly hasClassAdapter?: boolean
}

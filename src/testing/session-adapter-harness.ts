import { afterEach, beforeEach } from 'vitest'
import { applyChange, type SessionChange, type StoredRow } from '../core/apply-change.js'
import type { RankedSession } from '../core/session.js'
import type { SessionAdapter } from '../core/session-adapter.js'
import { sessionOf } from '../core/stored-row.js'

/** What {@link sessionAdapterConformance} needs of an adapter. */
export interface SessionAdapterConformance {
  /** A handle for this user on the storage under test. Handles opened in one test share it. */
  readonly open: (userId: string) => SessionAdapter | Promise<SessionAdapter>
  /** Empties the storage under test; runs before each test. */
  readonly destroy: () => void | Promise<void>
  /**
   * Makes a stored row unreadable where it stands: damages it, or marks it as written by a later leftoff. Required if the
   * adapter has `onReport`.
   */
  readonly plant?: (kind: PlantedRow, userId: string, conversationId: string) => void | Promise<void>
}

/** Why a planted row cannot be read. */
export type PlantedRow = 'damaged' | 'newer-version'

/** What the tests of one adapter share. */
export interface AdapterHarness {
  /** Another handle on the storage, closed after the test. */
  readonly handle: (userId?: string) => Promise<SessionAdapter>
  /** Plants a row if `adapter` reports such rows; `false` if it never meets any. */
  readonly plant: (adapter: SessionAdapter, kind: PlantedRow, conversationId: string) => Promise<boolean>
}

/** Opens handles for the tests of the `describe` that it is called in. */
export function adapterHarness({ open, destroy, plant }: SessionAdapterConformance): AdapterHarness {
  const opened: SessionAdapter[] = []
  beforeEach(destroy)
  afterEach(async () => {
    for (const adapter of opened.splice(0)) await adapter.close?.()
  })
  return {
    async handle(userId = 'u1') {
      const adapter = await open(userId)
      opened.push(adapter)
      return adapter
    },
    async plant(adapter, kind, conversationId) {
      if (!adapter.onReport) return false
      if (!plant) throw new Error('This adapter has `onReport`, so pass `plant`: its rows can be unreadable.')
      await plant(kind, 'u1', conversationId)
      return true
    },
  }
}

/** A change of conversation `c1`, which it may begin. */
export function change(fields: Partial<SessionChange> = {}): SessionChange {
  return { userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1, ...fields }
}

/** The change without `begins`: of a conversation that must be there. */
export function later({ begins: _, ...fields }: SessionChange): SessionChange {
  return fields
}

/** A change whose conversation has this rank. */
export function ranked(conversationId: string, rank: number, fields: Partial<SessionChange> = {}): SessionChange {
  return change({ conversationId, activity: { at: rank, rank }, ...fields })
}

/** The session after these changes, as `applyChange` has it. */
export function sessionAfter(...changes: readonly SessionChange[]): RankedSession {
  let row: StoredRow | undefined
  for (const next of changes) {
    const applied = applyChange(row, next)
    if ('refused' in applied) throw new Error('The first change must begin the row.')
    row = applied
  }
  if (!row) throw new Error('There is no session without a change.')
  return sessionOf(row)
}

/** The ids of these sessions, in their order. */
export function ids(sessions: readonly RankedSession[]): string[] {
  return sessions.map(({ conversationId }) => conversationId)
}

/** All pages of the user `u1`, from the first to the end of the list. */
export async function allPages(
  adapter: SessionAdapter,
  query: { readonly workspace?: string; readonly limit: number },
): Promise<string[][]> {
  const pages: string[][] = []
  let after: string | undefined
  do {
    const page = await adapter.list('u1', { ...query, ...(after !== undefined && { after }) })
    pages.push(ids(page.sessions))
    if (pages.length > 100) throw new Error('The list does not end.')
    after = page.next
  } while (after !== undefined)
  return pages
}

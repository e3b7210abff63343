import { parseJson } from '../core/parse-json.js'
import { byActivity, defaultCapacity } from '../core/ring.js'
import type { ConversationSession } from '../core/session.js'
import type { WebStorage } from '../core/web-storage.js'

/** What the snapshot shows. */
export interface SnapshotState {
  readonly sessions: readonly ConversationSession[]
  readonly currentConversationId: string | undefined
  readonly currentWorkspace: string | undefined
}

/**
 * Writes the one blob that older code and DevTools read at `name`: which conversations there are, and the current one.
 * `state` and `version` let zustand's persist read it after a rollback. leftoff never reads it back.
 *
 * A blob that older code wrote is first kept by `setAside`; if that fails it is not overwritten.
 */
export function writeSnapshot(
  storage: WebStorage,
  name: string,
  state: SnapshotState,
  setAside: (blob: string) => boolean,
): void {
  const before = storage.getItem(name)
  if (before !== null && !isSnapshot(before) && !setAside(before)) return
  const after = JSON.stringify(snapshotOf(state))
  if (after !== before) storage.setItem(name, after)
}

/** Whether leftoff wrote this blob. */
export function isSnapshot(blob: string): boolean {
  const value = parseJson(blob)
  return typeof value === 'object' && value !== null && 'writtenBy' in value && value.writtenBy === 'leftoff'
}

function snapshotOf({ sessions, currentConversationId = null, currentWorkspace = null }: Nullable<SnapshotState>) {
  const newest = [...sessions].sort(byActivity('newest'))
  const shown = newest.filter(
    ({ conversationId }, index) => index < defaultCapacity || conversationId === currentConversationId,
  )
  const state = {
    sessions: shown.map(({ conversationId, workspace, lastActivity }) => ({ conversationId, workspace, lastActivity })),
    currentConversationId,
    currentWorkspace,
  }
  return { ...state, state, version: 0, writtenBy: 'leftoff' }
}

/** JSON has no `undefined`, and older code wrote `null`. */
type Nullable<T> = { readonly [K in keyof T]: T[K] | (undefined extends T[K] ? null : never) }

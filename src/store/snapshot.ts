import { isObject } from '../core/checks.js'
import { parseJson } from '../core/text.js'
import { storageKey } from '../core/web-storage.js'
import { readPointer, tryStorage, writePointer } from './device-keys.js'
import type { SessionState } from './session-store.js'
import { nowMs, type User } from './user.js'

const shownSessions = 10

/**
 * Writes the one blob that older code and DevTools read at `name`: which conversations there are, and the current one. `state` and
 * `version` let zustand's persist read it after a rollback. leftoff never reads it back.
 *
 * A blob that leftoff did not write is replaced only after it was imported, or after a sign-out ended its owner's session.
 */
export function writeSnapshot(user: User, state: SessionState): void {
  const { name } = user.context
  // Without one it may be another page's.
  if (state.currentConversationId === undefined) return
  tryStorage(user.context, 'localStorage', (storage) => {
    const before = storage.getItem(name)
    const blob = before === null ? undefined : parseJson(before)
    const mayReplace = before === null || isSnapshot(blob) || before === user.importedBlob || isImportOver(user)
    const after = JSON.stringify(snapshotOf(state, blob))
    if (mayReplace && after !== before) storage.setItem(name, after)
  })
}

/** Row first: the blob may be replaced by the snapshot only once its sessions are stored. */
export async function importBlob(user: User): Promise<void> {
  const { adapter, legacy, emit, name, keepsContent } = user.context
  const blob = legacyBlob(user)
  if (blob === undefined || !legacy) return
  const { changes, current, errors } = legacy(blob, user.userId, nowMs(user))
  try {
    const own = changes.map((change) => ({ ...change, epoch: user.epoch }))
    if (own.length > 0) await adapter.save(own)
  } catch {
    return // tried again at the next opening
  }
  if (user.isGone) return
  if (errors.length > 0 && keepsContent) {
    tryStorage(user.context, 'localStorage', (storage) => storage.setItem(storageKey(name, 'quarantine', name), blob))
  }
  for (const error of errors) emit({ type: 'row-quarantined', error })
  user.importedBlob = blob
  if (current && readPointer(user, current.workspace) === undefined) {
    writePointer(user, current.workspace, current.conversationId)
  }
}

/** The blob of an older app, if there is one that may be imported. */
function legacyBlob(user: User): string | undefined {
  if (!user.context.legacy || isImportOver(user)) return undefined
  const blob = tryStorage(user.context, 'localStorage', (storage) => storage.getItem(user.context.name))
  return blob === null || blob === undefined || isSnapshot(parseJson(blob)) ? undefined : blob
}

/** The key that says that somebody signed out on this device: a blob without an owner is nobody's from then on. */
export function importOverKey(name: string): string {
  return storageKey(name, 'import-over')
}

function isImportOver(user: User): boolean {
  if (!user.context.legacy) return false
  const { name } = user.context
  const mark = tryStorage(user.context, 'localStorage', (storage) => storage.getItem(importOverKey(name)))
  return typeof mark === 'string'
}

function isSnapshot(value: unknown): boolean {
  return isObject(value) && value.writtenBy === 'leftoff'
}

/** zustand's persist reads a blob of the version that the app gives it only: the one that was there before stays. */
function versionOf(before: unknown): number {
  return isObject(before) && typeof before.version === 'number' ? before.version : 0
}

function snapshotOf({ sessions, currentConversationId = '', currentWorkspace = '' }: SessionState, before: unknown) {
  const shown = sessions.filter(
    ({ conversationId }, index) => index < shownSessions || conversationId === currentConversationId,
  )
  const state = {
    sessions: shown.map(({ conversationId, workspace, lastActivity }) => ({ conversationId, workspace, lastActivity })),
    currentConversationId,
    currentWorkspace,
  }
  return { ...state, state, version: versionOf(before), writtenBy: 'leftoff' }
}

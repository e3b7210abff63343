import { isObject, parseJson } from '../core/checks.js'
import { storageKey } from '../core/keys-and-ids.js'
import { tryStorage } from './device-keys.js'
import type { SessionState } from './session-store.js'
import type { User } from './user.js'

const shownSessions = 10

/**
 * Writes the one blob that older code and DevTools read at `name`: which conversations there are, and the current one. `state` and
 * `version` let zustand's persist read it after a rollback. leftoff never reads it back.
 *
 * A blob that leftoff did not write is replaced only after it was imported, or after a sign-out ended its owner's session.
 */
export function writeSnapshot(
  user: User,
  state: SessionState,
  contentOf: (state: SessionState) => object = newestSessions,
): void {
  const { name } = user.context
  // Without one it may be another page's.
  if (state.currentConversationId === undefined) return
  tryStorage(user.context, 'localStorage', (storage) => {
    const before = storage.getItem(name)
    const blob = before === null ? undefined : parseJson(before)
    const mayReplace = before === null || isSnapshot(blob) || before === user.importedBlob || isImportOver(user)
    const after = JSON.stringify(snapshotOf(contentOf(state), blob))
    if (mayReplace && after !== before) storage.setItem(name, after)
  })
}

/** The key that says that somebody signed out on this device: a blob without an owner is nobody's from then on. */
export function importOverKey(name: string): string {
  return storageKey(name, 'import-over')
}

/** Whether somebody signed out on this device, in an app that imports. */
export function isImportOver(user: User): boolean {
  if (!user.context.legacy) return false
  const { name } = user.context
  const mark = tryStorage(user.context, 'localStorage', (storage) => storage.getItem(importOverKey(name)))
  return typeof mark === 'string'
}

/** Whether leftoff wrote the blob. */
export function isSnapshot(value: unknown): boolean {
  return isObject(value) && value.writtenBy === 'leftoff'
}

/** zustand's persist reads a blob of the version that the app gives it only: the one that was there before stays. */
function versionOf(before: unknown): number {
  return isObject(before) && typeof before.version === 'number' ? before.version : 0
}

function snapshotOf(content: object, before: unknown) {
  return { ...content, state: content, version: versionOf(before), writtenBy: 'leftoff' }
}

function newestSessions({ sessions, currentConversationId = '', currentWorkspace = '' }: SessionState) {
  const shown = sessions.filter(
    ({ conversationId }, index) => index < shownSessions || conversationId === currentConversationId,
  )
  return {
    sessions: shown.map(({ conversationId, workspace, lastActivity }) => ({ conversationId, workspace, lastActivity })),
    currentConversationId,
    currentWorkspace,
  }
}

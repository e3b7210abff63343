import type { SessionChange } from '../core/change.js'
import type { LeftoffError } from '../core/error.js'
import { parseJson } from '../core/text.js'
import { storageKey } from '../core/web-storage.js'
import { readPointer, tryStorage, writePointer } from './device-keys.js'
import { isImportOver, isSnapshot } from './snapshot.js'
import { nowMs, type User } from './user.js'

/** What an older app's blob holds. */
export interface ImportedBlob {
  /** Without an epoch. */
  readonly changes: readonly Omit<SessionChange, 'epoch'>[]
  readonly current: { readonly conversationId: string; readonly workspace: string } | undefined
  /** One for each entry that could not be read. */
  readonly errors: readonly LeftoffError[]
}

/** Imports the blob of an older app, if there is one. Row first: the snapshot may replace it only once its sessions are stored. */
export async function importBlob(
  user: User,
  read: (blob: string, userId: string, now: number) => ImportedBlob,
): Promise<void> {
  const { adapter, emit, name, keepsContent } = user.context
  const blob = tryStorage(user.context, 'localStorage', (storage) => storage.getItem(name))
  if (typeof blob !== 'string' || isImportOver(user) || isSnapshot(parseJson(blob))) return
  const { changes, current, errors } = read(blob, user.userId, nowMs(user))
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

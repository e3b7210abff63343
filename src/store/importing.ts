import type { SessionChange } from '../core/apply-change.js'
import { parseJson } from '../core/checks.js'
import { nowMs } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import { storageKey } from '../core/keys-and-ids.js'
import { readPointer, tryStorage, writePointer } from './device-keys.js'
import { isImportOver, isSnapshot } from './snapshot.js'
import type { User } from './user.js'

/** What an older app's blob holds. */
export interface ImportedBlob {
  /** Without an epoch. */
  readonly changes: readonly Omit<SessionChange, 'epoch'>[]
  /** The conversations that were open. */
  readonly current: readonly { readonly conversationId: string; readonly workspace: string }[]
  /** One for each entry that could not be read. */
  readonly errors: readonly LeftoffError[]
  /** Whether it was understood. */
  readonly mayReplace: boolean
}

/**
 * Imports the blob of an older app, if there is one. Row first: the snapshot may replace it only once its sessions are stored, and
 * a copy is kept if some could not be read. A blob from which nothing could be read stays where it is.
 */
export async function importBlob(
  user: User,
  read: (blob: string, userId: string, now: number) => ImportedBlob,
): Promise<void> {
  const { adapter, emit, name, keepsContent } = user.context
  const blob = tryStorage(user.context, 'localStorage', (storage) => storage.getItem(name))
  if (typeof blob !== 'string' || isImportOver(user) || isSnapshot(parseJson(blob))) return
  const { changes, current, errors, mayReplace } = read(blob, user.userId, nowMs(user.context.clock))
  try {
    const own = changes.map((change) => ({ ...change, epoch: user.epoch }))
    const refusals = own.length > 0 ? await adapter.save(own) : []
    if (refusals.some(({ reason }) => reason !== 'removed')) return
  } catch {
    return // tried again at the next opening
  }
  if (user.isGone) return
  for (const error of errors) emit({ type: 'row-quarantined', error })
  for (const { conversationId, workspace } of current) {
    if (readPointer(user, workspace) === undefined) writePointer(user, workspace, conversationId)
  }
  if (mayReplace && (errors.length === 0 || !keepsContent || keepCopy(user, blob))) user.importedBlob = blob
}

/** Keeps a copy of the blob, if there is room for it. Whether there was. */
function keepCopy({ context }: User, blob: string): boolean | undefined {
  const key = storageKey(context.name, 'quarantine', context.name)
  return tryStorage(context, 'localStorage', (storage) => {
    storage.setItem(key, blob)
    return true
  })
}

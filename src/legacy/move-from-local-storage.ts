import { joinParts } from '../adapters/local-storage/save-parts.js'
import { storedParts } from '../adapters/local-storage/stored-parts.js'
import {
  maxScopes,
  type ScopeTotals,
  type SessionChange,
  type StoredRow,
  subtract,
  totalsByScope,
} from '../core/apply-change.js'
import { readEpoch } from '../core/checks.js'
import { LeftoffError } from '../core/error.js'
import { epochKey } from '../core/keys-and-ids.js'
import type { SessionAdapter } from '../core/session-adapter.js'
import { storageError } from '../core/storage-error.js'
import type { WebStorage } from '../core/web-storage.js'

/** Options of {@link moveFromLocalStorage}. */
export interface MoveOptions {
  /** Whose history; omitted: that of an app without users. */
  readonly userId?: string
  /** The `name` that `localStorageAdapter` had; `claude-session-storage` when omitted. */
  readonly name?: string
  /** The page's `localStorage` when omitted. */
  readonly storage?: () => WebStorage | null | undefined
}

/** A conversation as it was read. */
interface Found {
  readonly change: SessionChange
  /** Its keys, with their texts. */
  readonly texts: readonly (readonly [key: string, text: string | null])[]
}

const changesAtOnce = 100
/** The scope of what the row counted in scopes that it has forgotten. */
const forgottenScope = '_earlier'

/**
 * Moves the user's history from `localStorageAdapter` to another adapter, exactly: counts, titles and their kinds. Await it before
 * the store opens a conversation, at each start for as long as people have histories there: it moves what is left, and counts
 * nothing twice. What was removed in `to` stays removed. Rejects if storage fails; then what was not moved is still there.
 *
 * @example
 * ```ts
 * import { createSessionStore } from 'leftoff'
 * import { dexieAdapter } from 'leftoff/dexie'
 * import { moveFromLocalStorage } from 'leftoff/legacy'
 *
 * const adapter = dexieAdapter()
 * await moveFromLocalStorage(adapter, { userId }).catch(console.error)
 * const store = createSessionStore({ adapter, userId })
 * ```
 */
export async function moveFromLocalStorage(
  to: SessionAdapter,
  { userId = '', name = 'claude-session-storage', storage: open = () => globalThis.localStorage }: MoveOptions = {},
): Promise<void> {
  const storage = openStorage(open)
  const found = storage ? readAll(storage, name, userId) : []
  for (let from = 0; storage && from < found.length; from += changesAtOnce) {
    await moveSome(to, storage, found.slice(from, from + changesAtOnce))
  }
}

function openStorage(open: NonNullable<MoveOptions['storage']>): WebStorage | null | undefined {
  try {
    return open()
  } catch (cause) {
    throw storageError('localStorage', cause)
  }
}

function readAll(storage: WebStorage, name: string, userId: string): readonly Found[] {
  const stored = storedParts(name, storage, () => {}) // one that cannot be read is quarantined
  const epoch = readEpoch(storage.getItem(epochKey(name, userId)))
  return stored.conversationsOf(userId).flatMap(([conversationId, keys]) => {
    if (storage.getItem(stored.tombstone(userId, conversationId)) !== null) return []
    // The texts first: what another tab writes from here on is not removed.
    const texts = keys.map((key) => [key, storage.getItem(key)] as const)
    const { parts, isNewer } = stored.partsOf(keys, epoch)
    const row = joinParts(parts)
    return isNewer || !row ? [] : { change: changeOf(row), texts }
  })
}

/** The rows first, then the keys. */
async function moveSome(to: SessionAdapter, storage: WebStorage, found: readonly Found[]): Promise<void> {
  const refusals = await to.save(found.map(({ change }) => change))
  const refused = refusals.filter(({ reason }) => reason !== 'removed')
  for (const { change, texts } of found) {
    if (refused.some(({ conversationId }) => conversationId === change.conversationId)) continue
    for (const [key, text] of texts) {
      // An older tab may have written since: then it is moved the next time.
      if (storage.getItem(key) === text) storage.removeItem(key)
    }
  }
  if (!refused[0]) return
  throw new LeftoffError('invalid-session', `${to.name} refused conversations as ${refused[0].reason}.`)
}

/** What makes the row in another storage, however often it arrives. */
function changeOf(row: StoredRow): SessionChange {
  const { userId, workspace, conversationId, epoch, startedAt, activity, messages, usage, preview, titles } = row
  const scopes = [...totalsByScope(row)].slice(1 - maxScopes)
  const all: ScopeTotals = { messages, ...(usage && { usage }) }
  const rest = scopes.reduce((left, [, totals]) => subtract(left, totals), all)
  const hasRest = rest.messages > 0 || Object.values(rest.usage ?? {}).some((tokens) => tokens > 0)
  return {
    userId,
    workspace,
    conversationId,
    epoch,
    begins: startedAt,
    activity,
    counts: Object.fromEntries(hasRest ? [...scopes, [forgottenScope, rest]] : scopes),
    ...(preview && { preview }),
    ...(titles && { titles }),
  }
}

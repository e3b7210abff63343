import { ignoreRejection, localStorageDelayMs, pause, withTimeout } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import { claimChange } from '../core/guest-change.js'
import { keysWith, parseStorageKey, storageKey } from '../core/keys-and-ids.js'
import type { RankedSession } from '../core/session.js'
import { sessionPages } from '../core/session-adapter.js'
import type { GuestClaim } from './context.js'
import { placeIn } from './current-conversation.js'
import { dropPointers, graceMs, readPointer, tryStorage, writePointer } from './device-keys.js'
import { leaveUser, readEpoch, startUser } from './lifecycle.js'
import { takeClaim } from './tab-claims.js'
import { signedOutError, User } from './user.js'

/** Options of {@link guests}. */
export interface GuestOptions {
  /** The user id that the store has for guests; omitted: it has none. */
  readonly from?: string
  /**
   * Sends the conversations on this device to your server, which passes them to its `claimGuest`. They are moved here once it
   * resolves, and not if it rejects. Not called if there are none, or if they are in the account.
   */
  readonly send?: (conversations: readonly GuestConversation[]) => unknown
}

/** A conversation that a guest began. */
export interface GuestConversation {
  readonly workspace: string
  readonly conversationId: string
}

/** Your server may wait for the end of an answer. */
const sendTimeoutMs = 60_000
const pageSize = 100

/**
 * Lets `setUser(userId, { claimGuest: true })` make what a guest did on this device the user's: conversations, drafts, and what the
 * tab shows. Pass it as the `guests` option, so that an app without guests does not download it.
 *
 * @example
 * ```ts
 * import { createSessionStore, guests, localStorageAdapter } from 'leftoff'
 *
 * const send = async (conversations: unknown) => {
 *   const headers = { 'Content-Type': 'application/json' }
 *   const response = await fetch('/api/claim', { method: 'POST', headers, body: JSON.stringify({ conversations }) })
 *   if (!response.ok) throw new Error(`The server answered ${response.status}.`)
 * }
 * const store = createSessionStore({ adapter: localStorageAdapter(), guests: guests({ send }) })
 * await store.setUser(userId, { claimGuest: true })
 * ```
 */
export function guests(options: GuestOptions = {}): GuestClaim {
  return (user, left) => {
    const claimed = Promise.allSettled([user.claiming, left, readEpoch(user)]).then(async () => {
      try {
        await claimGuest(user, options)
      } catch (cause) {
        const message = 'Not all conversations of the guest could be moved. Call setUser with claimGuest again.'
        const error = new LeftoffError('unreachable', message, { cause })
        if (!user.isGone) user.context.emit({ type: 'save-failed', error })
        throw error
      }
    })
    user.claiming = claimed.catch(() => {})
    return ignoreRejection(claimed)
  }
}

async function claimGuest(user: User, { from = '', send }: GuestOptions): Promise<void> {
  const { context } = user
  const { adapter, clock, drafts } = context
  const isLate = adapter.durability === 'best-effort'
  if (user.hasLeft || from === user.userId) return
  const guest = new User(context, from)
  // At once, so that a page whose storage is slow stays in its conversation as well.
  const shown = movePointers(guest, user)
  drafts?.move(guest, user)
  if (adapter.place === 'account') return // the server moves them
  // What the guest's pages could not save is saved first.
  guest.started = startUser(guest)
  await Promise.race([guest.started, user.ended.promise])
  const copied = user.hasLeft ? Promise.resolve([]) : copyHeld(guest, user, shown, send)
  const moved = copied.then(async (ids) => {
    if (ids.length === 0) return
    // What another page wrote until now may be here later.
    if (isLate) await Promise.race([pause(clock, localStorageDelayMs), user.ended.promise])
    if (isLate && !user.isGone) await copyRows(user, await readRows(guest, ids))
    await adapter.remove(from, ids)
  })
  // What it could not save is in the journal.
  const ended = moved.finally(() => leaveUser(guest, signedOutError()).catch(() => {}))
  ignoreRejection(ended)
  await (isLate ? copied : ended)
}

/** The server first, which this page could not tell of them later; then the rows. The ids of those that are the user's now. */
async function copyHeld(
  guest: User,
  user: User,
  shown: readonly GuestConversation[],
  send: GuestOptions['send'],
): Promise<readonly string[]> {
  // What another page has open stays the guest's until that page signs in or is gone.
  // The page before this one, which signed in and reloaded, frees its locks within some 10 ms.
  const waitMs = guest.hasLeftStamp ? graceMs : 0
  const ids = new Set([...(await listIds(guest)), ...shown.map(({ conversationId }) => conversationId)])
  // A page that is prerendered takes none until it is seen.
  const taking = user.context.browser
    .activated()
    .then(() => Promise.all([...ids].map((id) => takeClaim(guest, id, { waitMs }))))
  const claims = await Promise.race([taking, user.ended.promise.then(() => [])])
  const held = claims.flatMap((claim) => claim?.conversationId ?? [])
  // This tab is a copy of the one that has it open.
  for (const { workspace, conversationId } of shown) {
    if (!user.hasLeft && !held.includes(conversationId) && !placeIn(user, workspace)) dropPointers(user, workspace)
  }
  const rows = await readRows(guest, held)
  if (rows.length === 0) return []
  const sent = send?.(rows.map(({ workspace, conversationId }) => ({ workspace, conversationId })))
  await withTimeout(user.context.clock, Promise.resolve(sent), sendTimeoutMs, 'claimGuest')
  return user.hasLeft ? [] : copyRows(user, rows)
}

async function copyRows(user: User, rows: readonly RankedSession[]): Promise<readonly string[]> {
  const refusals = await user.context.adapter.save(rows.map((row) => claimChange(row, user.userId, user.epoch)))
  // One that the user removed stays removed.
  const refused = refusals.filter(({ reason }) => reason !== 'removed')
  const ids = rows.map((row) => row.conversationId).filter((id) => !refused.some((one) => one.conversationId === id))
  if (ids.length > 0 || !refused[0]) return ids
  throw new LeftoffError('invalid-session', `Storage refused the conversations as ${refused[0].reason}.`)
}

async function readRows({ context, userId }: User, ids: readonly string[]): Promise<readonly RankedSession[]> {
  const found = await Promise.all(ids.map((id) => context.adapter.get(userId, id)))
  return found.filter((row) => typeof row === 'object')
}

async function listIds({ context, userId }: User): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { sessions } of sessionPages(context.adapter, userId, pageSize)) {
    ids.push(...sessions.map(({ conversationId }) => conversationId))
  }
  return ids
}

/** This tab stays in the conversations it shows: in those returned. */
function movePointers(guest: User, user: User): readonly GuestConversation[] {
  const { name } = guest.context
  const moved: GuestConversation[] = []
  const keys = tryStorage(guest.context, 'sessionStorage', (storage) =>
    keysWith(storage, `${storageKey(name, 'pointer', guest.userId)}/`),
  )
  for (const key of keys ?? []) {
    const [, , workspace = ''] = parseStorageKey(name, key)
    const conversationId = readPointer(guest, workspace)?.conversationId
    if (conversationId === undefined || placeIn(user, workspace)) continue
    writePointer(user, workspace, conversationId)
    moved.push({ workspace, conversationId })
  }
  dropPointers(guest)
  return moved
}

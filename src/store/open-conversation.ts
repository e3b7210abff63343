import type { SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { ConversationSession } from '../core/session.js'
import type { MovedReason } from '../core/session-event.js'
import { isUsed } from './conversation-record.js'
import type { LeftStamps } from './left-stamps.js'
import type { Pointer } from './pointers.js'

/** What to open. */
export interface OpenRequest {
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly workspace: string
  /** Given by the app, such as by a link. */
  readonly conversationId: string | undefined
  /** What this tab had in the workspace. */
  readonly pointer: Pointer | undefined
  readonly resume: 'latest' | 'new'
  readonly capacity: number
  readonly clock: Clock
  readonly left: LeftStamps
  /** Whether the conversation is this tab's now, waiting a moment for its page to go away if `isOwn`. */
  readonly claim: (conversationId: string, options: { readonly isOwn: boolean }) => Promise<boolean>
  readonly giveBack: (conversationId: string) => void
  /** A row with revision 0 under this id, or a new one. */
  readonly mint: (conversationId?: string) => ConversationSession
  /** The newest sessions of the workspace are known: they can be shown while the claim is asked for. */
  readonly onListed: (ring: readonly ConversationSession[]) => void
}

/** The conversation a tab goes on with. */
export interface Opened {
  /** Revision 0 when it is not stored yet. */
  readonly row: ConversationSession
  /** Whether something was said in it that storage does not have. */
  readonly isUnsaved: boolean
  readonly isResumed: boolean
  readonly moved?: { readonly from: string; readonly reason: MovedReason }
}

/**
 * Chooses the conversation: the one the app gave, else the one this tab had, else the newest of the workspace, else a new
 * one. Never one that another live tab has. Writes nothing.
 */
export async function openConversation(request: OpenRequest): Promise<Opened> {
  const { adapter, userId, workspace, conversationId, pointer, resume, capacity, claim, giveBack, mint } = request
  const own = conversationId ?? pointer?.row.conversationId
  // Asked for while the ring is listed, and before its row is read: what its last holder saved is there once the claim is given
  // back. Denied: this tab is a copy of one that is open.
  const ownClaim = own === undefined ? undefined : claim(own, { isOwn: true })
  const ring = await adapter.list(userId, { workspace, limit: capacity })
  request.onListed(ring)
  const isClaimed = await ownClaim
  const stored = (row: ConversationSession): Opened => ({
    row,
    isUnsaved: false,
    isResumed: row.revision > 0 || isUsed(row),
  })
  const fresh = (row = mint()): Opened => ({ row, isUnsaved: false, isResumed: false })
  const moved = (from: string, reason: MovedReason): Opened => ({ ...fresh(), moved: { from, reason } })

  if (conversationId !== undefined) {
    if (!isClaimed) return moved(conversationId, 'open-elsewhere')
    const found = await lookUp(adapter, mint(conversationId))
    if (found === 'missing') return fresh(mint(conversationId))
    if (typeof found !== 'string' && found.workspace === workspace) return stored(found)
    giveBack(conversationId)
    return moved(conversationId, typeof found === 'string' ? found : 'other-workspace')
  }
  if (pointer) {
    const { row, isAcknowledged } = pointer
    if (!isClaimed) return fresh()
    const found = await lookUp(adapter, row)
    if (typeof found !== 'string' && found.workspace === workspace) return stored(found)
    // What was once stored and is not any more was removed; what never was is known to this tab alone.
    if (found === 'missing' && !isAcknowledged) {
      return { ...stored({ ...row, revision: 0 }), isUnsaved: isUsed(row) }
    }
    giveBack(row.conversationId)
  }
  if (resume === 'new' || !ring[0]) return fresh()
  const newest = await claimLeft(request, ring[0])
  return newest ? stored(newest) : fresh()
}

/** Takes a conversation that nobody has open. If it was left a moment ago its page may be reloading: that one comes first. */
async function claimLeft(
  { adapter, workspace, clock, left, claim, giveBack }: OpenRequest,
  row: ConversationSession,
): Promise<ConversationSession | undefined> {
  const { conversationId } = row
  const isFree = () => claim(conversationId, { isOwn: false })
  if (!(await isFree())) return undefined
  const graceMs = left.graceMs(workspace, conversationId)
  if (graceMs > 0) {
    giveBack(conversationId)
    await new Promise<void>((resolve) => clock.setTimeout(resolve, graceMs))
    if (!(await isFree())) return undefined
  }
  // Its holder may have saved, or a person removed it, since it was listed.
  const found = await adapter.get(row.userId, conversationId)
  if (!found) giveBack(conversationId)
  return found
}

/**
 * What is stored of a conversation: the row, or why there is none. Asks with a change whose base no row can have, which is
 * always refused, and the refusal says more than `get`: a removed row is not the same as a missing one.
 */
export async function lookUp(
  adapter: SessionAdapter,
  row: ConversationSession,
): Promise<ConversationSession | 'missing' | 'removed' | 'newer-version'> {
  const base = Number.MAX_SAFE_INTEGER - 1
  const [refusal] = await adapter.save([{ session: { ...row, revision: base + 1 }, base, saveId: 'look-up' }])
  if (!refusal) return (await adapter.get(row.userId, row.conversationId)) ?? 'missing'
  return refusal.reason === 'changed' ? refusal.stored : refusal.reason
}

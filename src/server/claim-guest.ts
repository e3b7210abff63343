import { isId, isObject, maxWorkspaceBytes } from '../core/checks.js'
import { type Clock, pause, systemClock } from '../core/clock.js'
import { isLeftoffError, LeftoffError } from '../core/error.js'
import { claimChange } from '../core/guest-change.js'
import { createId as randomId } from '../core/keys-and-ids.js'
import { type SessionAdapter, sessionPages } from '../core/session-adapter.js'
import { type TabKey, tabKey } from '../core/tab-key.js'
import type { AgentSessionStore } from './agent-session-store.js'
import { callInTime } from './call-in-time.js'

/** Settings of {@link claimGuest}. */
export interface ClaimGuestOptions {
  readonly sessions: AgentSessionStore
  /** Where the guest's conversations are, if that is in the account, and where they become those of the user. */
  readonly history?: SessionAdapter
  /** The conversations that are on the device, as the browser sends them: at most 1,000 of {@link GuestConversation}, checked here. */
  readonly conversations?: unknown
  /** The guest: from a signed, HttpOnly cookie only, which nobody else can have. */
  readonly from: string
  /** The user, from your authentication. */
  readonly to: string
  /**
   * Moves the messages: those of this conversation that are the guest's. It may run again for a conversation that was moved, and
   * is given what a browser sent: name the guest in its query.
   */
  readonly onConversation: (conversation: ClaimedConversation) => unknown
  /** How long conversations whose answer is being written are waited for; 30 s. */
  readonly waitMs?: number
  /** For how long a conversation is held while it is moved; a process that dies holds it for as long. 10 s. */
  readonly leaseMs?: number
  /** For `waitMs`. */
  readonly clock?: Clock
  /** For leases; random UUIDs. */
  readonly createId?: () => string
}

/** A conversation of a guest. */
export interface GuestConversation {
  readonly workspace: string
  readonly conversationId: string
}

/** A conversation that is moved. */
export interface ClaimedConversation extends GuestConversation {
  readonly from: string
  readonly to: string
  /** Aborts when it takes too long. */
  readonly signal: AbortSignal
}

/** What came of it. */
export interface ClaimGuestResult {
  readonly claimed: readonly GuestConversation[]
  /** Those that are the guest's still, and why: `turn-busy`, or what failed. Call again for them. */
  readonly left: readonly (GuestConversation & { readonly error: unknown })[]
}

/**
 * Makes the conversations of a guest those of the user who signed in: the agent sessions, then your messages, then the rows. One
 * whose answer is being written is waited for. Each is moved separately, and calling it again continues where it was interrupted
 * and changes nothing that was moved.
 *
 * Rejects with `invalid-argument` for an id or a conversation that is none, and if the history cannot be listed.
 *
 * @example
 * ```ts
 * import { claimGuest, postgresAdapter } from 'leftoff/server'
 *
 * declare const guestId: string // from the signed cookie
 *
 * const { left } = await claimGuest({
 *   sessions,
 *   history: postgresAdapter({ query }),
 *   from: guestId,
 *   to: userId,
 *   onConversation: ({ from, to, conversationId }) =>
 *     query('update messages set user_id = $2 where user_id = $1 and conversation_id = $3', [from, to, conversationId]),
 * })
 * ```
 */
export async function claimGuest(options: ClaimGuestOptions): Promise<ClaimGuestResult> {
  const { history, conversations = [], from, to, waitMs = 30_000, clock = systemClock } = options
  for (const userId of [from, to]) if (!isId(userId)) throw invalid('from and to must be user ids')
  checkConversations(conversations)
  const claimed: GuestConversation[] = []
  if (from === to) return { claimed, left: [] } // an account that began as a guest keeps its id
  const deadline = clock.monotonic() + waitMs
  let due = unique([...conversations, ...(history ? await listAll(history, from) : [])])
  for (;;) {
    const left: (GuestConversation & { error: unknown })[] = []
    for (const conversation of due) {
      try {
        if (await claimOne(options, conversation)) claimed.push(conversation)
      } catch (error) {
        left.push({ ...conversation, error })
      }
    }
    const waits = left.flatMap(({ error }) => (isLeftoffError(error, 'turn-busy') ? (error.retryAfterMs ?? 0) : []))
    const ms = Math.min(deadline - clock.monotonic(), Math.max(firstLookMs, Math.min(lookAgainMs, ...waits)))
    if (waits.length === 0 || ms <= 0) return { claimed, left }
    await pause(clock, ms)
    due = left.map(({ error: _, ...conversation }) => conversation)
  }
}

/** Whether it was there. Throws `turn-busy` while a turn runs, of the guest or of the user. */
async function claimOne(
  options: ClaimGuestOptions,
  { workspace, conversationId }: GuestConversation,
): Promise<boolean> {
  const { sessions, history, from, to, onConversation, leaseMs = 10_000, clock = systemClock } = options
  const fromKey = tabKey({ userId: from, workspace, tabId: conversationId })
  const toKey = tabKey({ userId: to, workspace, tabId: conversationId })
  const held = await hold(options, fromKey)
  try {
    // Whoever claimed it while this one waited has moved it.
    if (history && (await history.get(from, conversationId)) === 'removed') {
      await sessions.delete(fromKey)
      return false
    }
    if (held.agentSessionId !== undefined) await handOver(options, toKey, held.agentSessionId)
    const conversation = { workspace, conversationId, from, to }
    await callInTime(clock, leaseMs, 'onConversation', async (signal) => onConversation({ ...conversation, signal }))
    if (!(await sessions.renewTurn(fromKey, held.leaseId, leaseMs))) throw busy(0)
    if (history) await saveRow(history, from, to, conversationId)
    // The row last: it is what a later call finds.
    await sessions.delete(fromKey)
    await history?.remove(from, [conversationId])
    return true
  } catch (error) {
    await sessions.endTurn(fromKey, held.leaseId, { outcome: 'not-started' }).catch(() => {}) // else it runs out
    throw error
  }
}

/** Keeps turns off the key while its conversation is moved. */
async function hold({ sessions, leaseMs = 10_000, createId = randomId }: ClaimGuestOptions, key: TabKey) {
  const leaseId = createId()
  const begun = await sessions.beginTurn(key, { leaseId, leaseMs, turnId: createId(), messageHash: '-' })
  if (!begun.ok) throw busy(begun.retryAfterMs)
  return { leaseId, agentSessionId: begun.agentSessionId }
}

/** The user may have had a turn in the conversation since an earlier call: what that began is kept. */
async function handOver(options: ClaimGuestOptions, key: TabKey, guestSessionId: string): Promise<void> {
  const { leaseId, agentSessionId = guestSessionId } = await hold(options, key)
  if (!(await options.sessions.endTurn(key, leaseId, { agentSessionId, outcome: 'not-started' }))) throw busy(0)
}

async function saveRow(history: SessionAdapter, from: string, to: string, conversationId: string): Promise<void> {
  const row = await history.get(from, conversationId)
  if (row === 'newer-version') {
    throw new LeftoffError('newer-version', `A later version of leftoff stored conversation ${conversationId}.`)
  }
  if (typeof row !== 'object') return
  const [refusal] = await history.save([claimChange(row, to, '')])
  // One that the user removed stays removed.
  if (!refusal || refusal.reason === 'removed') return
  throw new LeftoffError('invalid-session', `Conversation ${conversationId} was refused as ${refusal.reason}.`)
}

async function listAll(history: SessionAdapter, userId: string): Promise<readonly GuestConversation[]> {
  const found: GuestConversation[] = []
  for await (const { sessions } of sessionPages(history, userId, 1_000)) {
    found.push(...sessions.map(({ workspace, conversationId }) => ({ workspace, conversationId })))
  }
  return found
}

function unique(conversations: readonly GuestConversation[]): readonly GuestConversation[] {
  return [
    ...new Map(
      conversations.map(({ workspace, conversationId }) => [
        JSON.stringify([workspace, conversationId]),
        { workspace, conversationId },
      ]),
    ).values(),
  ]
}

/** They come from a browser. */
function checkConversations(conversations: unknown): asserts conversations is readonly GuestConversation[] {
  const isOne = (value: unknown) =>
    isObject(value) && isId(value.conversationId) && isId(value.workspace, maxWorkspaceBytes)
  if (Array.isArray(conversations) && conversations.length <= maxConversations && conversations.every(isOne)) return
  throw invalid(`conversations must be at most ${maxConversations} of { workspace, conversationId }`)
}

function invalid(what: string): LeftoffError {
  return new LeftoffError('invalid-argument', `claimGuest: ${what}.`)
}

function busy(retryAfterMs: number): LeftoffError {
  return new LeftoffError('turn-busy', 'A turn is running in this conversation. Call claimGuest again.', {
    retryAfterMs,
  })
}

/** How many conversations a device keeps of a user. */
const maxConversations = 1_000
const firstLookMs = 50
/** A lease is renewed until its turn ends, so what is left of it says little. */
const lookAgainMs = 500

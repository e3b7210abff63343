import { ignoreRejection, nowMs, pause } from '../core/clock.js'
import type { RankedSession } from '../core/session.js'
import type { RedirectReason } from '../core/session-event.js'
import { storageError } from '../core/storage-error.js'
import { byRank } from '../core/stored-row.js'
import { placeIn } from './current-conversation.js'
import { graceMs, msToComeBack, readPointer } from './device-keys.js'
import { addNew, adopt, isHidden, readRow } from './history.js'
import type { OpenOptions } from './session-store.js'
import { askHolder, type Claim, releaseClaim, takeClaim } from './tab-claims.js'
import type { User } from './user.js'

/** The conversation that was chosen. */
export interface Choice {
  readonly conversationId: string
  /** Missing: another page has it, and this one watches. */
  readonly claim: Claim | undefined
  /** Begun here: this page's before the claim says so, because nobody else knows its id. */
  readonly isNew?: boolean
  /** What the workspace had open already. */
  readonly isStaying?: boolean
  readonly isResumed: boolean
  readonly redirected?: { readonly from: string; readonly reason: RedirectReason }
}

/** Chooses what the workspace opens with. */
export async function choose(
  user: User,
  workspace: string,
  options: OpenOptions,
  isWanted: () => boolean,
): Promise<Choice> {
  await user.started
  if (user.hasLeft) throw await user.ended.promise
  let listing: Promise<readonly RankedSession[]> | undefined
  const list = () => {
    listing ??= ignoreRejection(listNewest(user, workspace))
    return listing
  }
  // Where locks are slow or missing a claim takes a second: what the workspace shows does not wait for that.
  void pause(user.context.clock, graceMs).then(() => void (user.hasLeft || list()))
  const choice = await chooseKnown(user, workspace, options, (id) => {
    // It is read beside the row, and no sooner, so that nothing is in the way of the claim.
    void list()
    return readClaimed(user, id)
  })
  const listed = list()
  if (choice) return choice
  const sessions = await listed
  if (user.context.resume === 'new' || !isWanted()) return chooseNew(user, workspace)
  return (await chooseNewest(user, workspace, sessions)) ?? chooseNew(user, workspace)
}

async function listNewest(user: User, workspace: string): Promise<readonly RankedSession[]> {
  const { adapter, capacity } = user.context
  const { sessions } = await adapter.list(user.userId, { workspace, limit: capacity })
  if (user.isGone) return []
  for (const row of sessions) adopt(user, row)
  user.context.publish()
  return sessions
}

/** The storage failed or is too slow: what this tab had, as far as this page knows it, or a new conversation. */
export async function chooseInMemory(user: User, workspace: string, options: OpenOptions): Promise<Choice> {
  // It may be only the locks that are slow: then storage still says in time that the conversation is gone.
  let isRemoved = false
  const id = options.conversationId ?? readPointer(user, workspace)?.conversationId
  if (id !== undefined) {
    readRow(user, id).then(
      (row) => {
        isRemoved = row === 'removed'
      },
      () => {},
    )
  }
  const choice = await chooseKnown(user, workspace, options, async () => (isRemoved ? 'removed' : 'failed'))
  return choice ?? chooseNew(user, workspace)
}

/** The one that the app asked for, such as by a link, or else the one this tab had. `undefined`: that is gone. */
async function chooseKnown(
  user: User,
  workspace: string,
  { conversationId: asked, createUnknown }: OpenOptions,
  read: (conversationId: string) => ReturnType<typeof readClaimed>,
): Promise<Choice | undefined> {
  const pointer = readPointer(user, workspace)
  const id = asked ?? pointer?.conversationId
  if (id === undefined) return undefined
  const isOurs = id === pointer?.conversationId
  const isLeft = isOurs && user.hasLeftStamp
  const isAsking = isLeft && !pointer.isWatched
  // Our last page frees its lock within some 10 ms; another that took the conversation in the gap gives it back if it is unused.
  if (isAsking) void askHolder(user, id, 'back')
  const claim = await takeClaim(user, id, { waitMs: isAsking ? graceMs : 0 })
  // Held by a live page, and no stamp: this tab is a copy of it.
  if (!claim && !isLeft && asked === undefined) return chooseNew(user, workspace)
  const isKnown = user.entries.has(id)
  const row = await read(id)
  const isOwn = () =>
    isOurs || user.begun.has(id) || user.entries.get(id)?.unsent || createUnknown || hasDraft(user, id)
  const whyNotWatch = () =>
    claim || asked === undefined || user.context.whenOpenElsewhere === 'watch' ? undefined : 'open-elsewhere'
  const whyNot = (): RedirectReason | undefined => {
    if (isHidden(user, id)) return 'removed'
    if (row === undefined) return isOwn() ? whyNotWatch() : 'not-found'
    if (row === 'failed') return whyNotWatch()
    if (typeof row === 'string') return row
    return row.workspace === workspace ? whyNotWatch() : 'other-workspace'
  }
  const reason = whyNot()
  if (reason) {
    releaseClaim(user, claim)
    return asked !== undefined || reason === 'newer-version' ? redirect(user, workspace, id, reason) : undefined
  }
  if (typeof row !== 'object') addNew(user, workspace, id)
  return { conversationId: id, claim, isResumed: row === 'failed' ? isKnown : row !== undefined }
}

/** The row of what was claimed. If storage fails, what was claimed is opened all the same: a claim that nobody uses would stay. */
function readClaimed(user: User, conversationId: string): Promise<Awaited<ReturnType<typeof readRow>> | 'failed'> {
  return readRow(user, conversationId).catch((cause: unknown) => {
    user.reading.error = storageError(user.context.adapter.name, cause)
    return 'failed' as const
  })
}

/** The newest of the workspace that no live tab has. */
async function chooseNewest(
  user: User,
  workspace: string,
  listed: readonly RankedSession[],
): Promise<Choice | undefined> {
  const drafted = user.context.keepsContent ? (user.context.drafts?.listed(user, workspace) ?? []) : []
  const candidates = [
    ...listed,
    ...drafted.filter((draft) => !listed.some((row) => row.conversationId === draft.conversationId)),
  ]
  for (const { conversationId } of candidates.sort(byRank)) {
    const isGivenBack = [...user.gaveWay.values()].includes(conversationId)
    if (isHidden(user, conversationId) || user.claims.has(conversationId) || isGivenBack) continue
    // Left a moment ago: its page may be reloading.
    const wait = msToComeBack(user, conversationId, nowMs(user.context.clock))
    if (wait > 0) await pause(user.context.clock, wait)
    const claim = await takeClaim(user, conversationId)
    if (!claim) continue
    const row = await readClaimed(user, conversationId)
    const isStored = typeof row === 'object' && row.workspace === workspace
    const isDraft = row === undefined && hasDraft(user, conversationId)
    if ((isStored || isDraft) && !isHidden(user, conversationId)) {
      if (isDraft) addNew(user, workspace, conversationId)
      return { conversationId, claim, isResumed: isStored }
    }
    releaseClaim(user, claim)
    if (row === 'failed') break
  }
  return undefined
}

/** A new conversation. */
export function chooseNew(user: User, workspace: string): Choice {
  const conversationId = user.context.createId()
  addNew(user, workspace, conversationId)
  return { conversationId, claim: undefined, isNew: true, isResumed: false }
}

/** Not the one that was asked for: a workspace that has one open keeps it, so that going back begins nothing. */
function redirect(user: User, workspace: string, from: string, reason: RedirectReason): Choice {
  const before = placeIn(user, workspace)
  const choice: Choice =
    before && !isHidden(user, before.conversationId)
      ? { conversationId: before.conversationId, claim: undefined, isStaying: true, isResumed: before.isResumed }
      : chooseNew(user, workspace)
  return { ...choice, redirected: { from, reason } }
}

function hasDraft(user: User, conversationId: string): boolean {
  return user.context.keepsContent && (user.context.drafts?.read(user, conversationId, true) ?? '') !== ''
}

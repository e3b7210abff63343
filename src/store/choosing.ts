import { pause } from '../core/clock.js'
import type { RankedSession } from '../core/session.js'
import type { RedirectReason } from '../core/session-event.js'
import { storageError } from '../core/storage-error.js'
import { byRank } from '../core/stored-row.js'
import { askHolder, type Claim, releaseClaim, takeClaim } from './claims.js'
import { graceMs, msToComeBack, readPointer } from './device-keys.js'
import { addNew, adopt, isHidden, readRow } from './history.js'
import { placeIn } from './place.js'
import type { OpenOptions } from './session-store.js'
import { nowMs, type User } from './user.js'

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
  const { adapter, capacity } = user.context
  await user.started
  if (user.hasLeft) throw await user.ended.promise
  const listed = adapter.list(user.userId, { workspace, limit: capacity }).then(({ sessions }) => {
    if (user.isGone) return []
    for (const row of sessions) adopt(user, row)
    user.context.publish()
    return sessions
  })
  listed.catch(() => {})
  const asked = options.conversationId
  if (asked !== undefined) return chooseAsked(user, workspace, asked, options.createUnknown === true)
  const own = readPointer(user, workspace)
  if (own !== undefined) {
    const choice = await chooseOwn(user, workspace, own)
    if (choice) return choice
  }
  const sessions = await listed
  if (user.context.resume === 'new' || !isWanted()) return chooseNew(user, workspace)
  return (await chooseNewest(user, workspace, sessions)) ?? chooseNew(user, workspace)
}

/** The one the app gave, such as by a link. */
async function chooseAsked(user: User, workspace: string, asked: string, createUnknown: boolean): Promise<Choice> {
  const { adapter, whenOpenElsewhere } = user.context
  const row = isHidden(user, asked) ? 'removed' : await adapter.get(user.userId, asked)
  const isOwn =
    user.begun.has(asked) ||
    user.entries.get(asked)?.unsent !== undefined ||
    readPointer(user, workspace) === asked ||
    hasDraft(user, asked)
  const reason: RedirectReason | undefined =
    row === 'removed' || row === 'newer-version'
      ? row
      : row === undefined
        ? isOwn || createUnknown
          ? undefined
          : 'not-found'
        : row.workspace === workspace
          ? undefined
          : 'other-workspace'
  if (reason) return redirect(user, workspace, asked, reason)
  const isLeft = readPointer(user, workspace) === asked && user.hasLeftStamp
  const claim = await takeClaim(user, asked, { waitMs: isLeft ? graceMs : 0 })
  if (!claim && whenOpenElsewhere === 'new') return redirect(user, workspace, asked, 'open-elsewhere')
  const latest = row === undefined ? undefined : await readClaimed(user, asked)
  if (latest === 'removed') {
    releaseClaim(user, claim)
    return redirect(user, workspace, asked, 'removed')
  }
  if (row === undefined) addNew(user, workspace, asked)
  else if (latest === 'failed' && typeof row === 'object') adopt(user, row)
  return { conversationId: asked, claim, isResumed: row !== undefined }
}

/** The one this tab had. `undefined`: it is gone. */
async function chooseOwn(user: User, workspace: string, own: string): Promise<Choice | undefined> {
  const isLeft = user.hasLeftStamp
  let claim = await takeClaim(user, own)
  if (!claim && isLeft) {
    // Our last page frees its lock within some 10 ms; another that took the conversation in the gap gives it back if it is unused.
    void askHolder(user, own, 'back', graceMs)
    claim = await takeClaim(user, own, { waitMs: graceMs })
  }
  // Held by a live page, and no stamp: this tab is a copy of it.
  if (!claim && !isLeft) return chooseNew(user, workspace)
  const isKnown = user.entries.has(own)
  const row = await readClaimed(user, own)
  const isOther = typeof row === 'object' && row.workspace !== workspace
  if (row === 'removed' || row === 'newer-version' || isOther || isHidden(user, own)) {
    releaseClaim(user, claim)
    return row === 'newer-version' ? redirect(user, workspace, own, row) : undefined
  }
  if (row === undefined || row === 'failed') addNew(user, workspace, own)
  return { conversationId: own, claim, isResumed: row === 'failed' ? isKnown : row !== undefined }
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
    const wait = msToComeBack(user, conversationId, nowMs(user))
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

/** The storage failed or is too slow: what this tab had, or a new conversation, in memory. */
export async function chooseInMemory(
  user: User,
  workspace: string,
  { conversationId: asked }: OpenOptions,
): Promise<Choice> {
  const own = asked ?? readPointer(user, workspace)
  if (own === undefined || isHidden(user, own)) return chooseNew(user, workspace)
  // It may be only the locks that are slow: then storage still says in time that the conversation is gone.
  let isGone = false
  readRow(user, own).then(
    (row) => {
      isGone = row === 'removed'
    },
    () => {},
  )
  const claim = await takeClaim(user, own, { waitMs: user.hasLeftStamp ? graceMs : 0 })
  if (isGone) {
    releaseClaim(user, claim)
    return asked === undefined ? chooseNew(user, workspace) : redirect(user, workspace, asked, 'removed')
  }
  if (!claim && (asked === undefined ? !user.hasLeftStamp : user.context.whenOpenElsewhere === 'new')) {
    return asked === undefined ? chooseNew(user, workspace) : redirect(user, workspace, asked, 'open-elsewhere')
  }
  const isKnown = user.entries.has(own)
  addNew(user, workspace, own)
  return { conversationId: own, claim, isResumed: isKnown }
}

function hasDraft(user: User, conversationId: string): boolean {
  return user.context.keepsContent && (user.context.drafts?.read(user, conversationId, true) ?? '') !== ''
}

import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import { listedEntries } from './history.js'
import { currentPlace } from './opening.js'
import { openPlace } from './place.js'
import { pendingCount } from './queue.js'
import type { SessionState, SessionStatus, WorkspaceState } from './session-store.js'
import { nowMs, type User } from './user.js'

/** The state while no user is known; the same on a server and in the first client render. */
export const emptyState: SessionState = {
  userId: undefined,
  sessions: [],
  hasMore: false,
  currentConversationId: undefined,
  currentWorkspace: undefined,
  isResumed: false,
  openElsewhere: [],
  status: 'idle',
  workspaces: {},
  saving: { pending: 0, lastSavedAt: undefined, error: undefined },
}

/** The state of a user. What did not change in it is `previous`'s own. */
export function stateOf(user: User, previous: SessionState): SessionState {
  const place = currentPlace(user)
  return {
    userId: user.userId,
    sessions: sameOrNew(previous.sessions, shownSessions(user)),
    hasMore: user.next.all !== undefined,
    currentConversationId: place?.conversationId,
    currentWorkspace: place && user.currentWorkspace,
    isResumed: place?.isResumed ?? false,
    openElsewhere: user.openElsewhere,
    status: statusOf(user),
    workspaces: workspacesOf(user, previous.workspaces),
    saving: savingOf(user, previous.saving),
  }
}

/** What is open in a workspace. */
function workspaceState(user: User, workspace: string): WorkspaceState {
  const place = user.places.get(workspace)
  const shown = openPlace(place)
  const isOpening = place?.state === 'opening' || place?.state === 'asking'
  return {
    conversationId: shown?.conversationId,
    isResumed: shown?.isResumed ?? false,
    ...(shown?.isChosen && { isChosen: true }),
    status: !place ? 'idle' : isOpening ? 'opening' : place.state === 'watching' ? 'watching' : storageStatus(user),
  }
}

/** Why the chat continues in memory, if it does. */
export function storageFailure(user: User): LeftoffError | undefined {
  return user.reading.error ?? user.saving.error
}

/** Whether no field differs, so that nobody needs to hear of it. */
export function isSameState(a: SessionState, b: SessionState): boolean {
  return (Object.keys(a) as (keyof SessionState)[]).every((field) => a[field] === b[field])
}

function workspacesOf(user: User, previous: SessionState['workspaces']): SessionState['workspaces'] {
  const names = [...user.places.keys()]
  const next: Record<string, WorkspaceState> = {}
  for (const name of names) {
    const state = workspaceState(user, name)
    const known = previous[name]
    next[name] = known && isSame(known, state) ? known : state
  }
  const isUnchanged =
    names.length === Object.keys(previous).length && names.every((name) => next[name] === previous[name])
  return isUnchanged ? previous : next
}

function isSame(a: WorkspaceState, b: WorkspaceState): boolean {
  return (
    a.conversationId === b.conversationId &&
    a.status === b.status &&
    a.isResumed === b.isResumed &&
    a.isChosen === b.isChosen
  )
}

function statusOf(user: User): SessionStatus {
  if (user.hasLeft) return 'idle'
  const wanted = user.wantedWorkspace === undefined ? undefined : user.places.get(user.wantedWorkspace)
  if (wanted?.state === 'opening' || wanted?.state === 'asking') return 'opening'
  if (user.currentWorkspace === undefined) return 'idle'
  return workspaceState(user, user.currentWorkspace).status
}

function storageStatus(user: User): SessionStatus {
  return storageFailure(user) ? 'degraded' : 'ready'
}

function savingOf(user: User, previous: SessionState['saving']): SessionState['saving'] {
  const { error, lastSavedAt } = user.saving
  const pending = pendingCount(user)
  const isSame = previous.pending === pending && previous.error === error && previous.lastSavedAt === lastSavedAt
  return isSame ? previous : { pending, lastSavedAt, error }
}

/** The sessions as apps see them: a time that another clock set ahead shows as now. Each keeps its reference while it stays the same. */
function shownSessions(user: User): ConversationSession[] {
  const now = nowMs(user)
  return listedEntries(user).flatMap(({ session }) => (session ? [noLaterThan(session, now)] : []))
}

function noLaterThan(session: ConversationSession, now: number): ConversationSession {
  const { lastActivity, startedAt } = session
  if (lastActivity <= now && startedAt <= now) return session
  return { ...session, lastActivity: Math.min(lastActivity, now), startedAt: Math.min(startedAt, now) }
}

function sameOrNew(previous: readonly ConversationSession[], next: readonly ConversationSession[]) {
  const isSame = previous.length === next.length && next.every((session, index) => session === previous[index])
  return isSame ? previous : next
}

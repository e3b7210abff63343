import { createStore } from 'zustand/vanilla'
import { nowMs } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import type { SessionEvent } from '../core/session-event.js'
import type { Browser } from './browser.js'
import { openPlace, placeIn } from './current-conversation.js'
import { isSameRecord, listedSessions } from './history.js'
import { pendingCount } from './queue.js'
import type { SessionState, SessionStatus, WorkspaceState } from './session-store.js'
import type { User } from './user.js'

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
  const place = placeIn(user, user.currentWorkspace)
  return sameOrNew(previous, {
    userId: user.userId,
    sessions: sameOrNew(previous.sessions, shownSessions(user)),
    hasMore: user.reading.next !== undefined,
    currentConversationId: place?.conversationId,
    currentWorkspace: place && user.currentWorkspace,
    isResumed: place?.isResumed ?? false,
    openElsewhere: user.openElsewhere,
    status: statusOf(user),
    workspaces: workspacesOf(user, previous.workspaces),
    saving: savingOf(user, previous.saving),
  })
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

function workspacesOf(user: User, previous: SessionState['workspaces']): SessionState['workspaces'] {
  const states = [...user.places.keys()].map((name) => [name, sameOrNew(previous[name], workspaceState(user, name))])
  return sameOrNew(previous, Object.fromEntries(states))
}

/** The status of what the app shows. */
export function statusOf(user: User): SessionStatus {
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
  return sameOrNew(previous, { pending: pendingCount(user), lastSavedAt, error })
}

/** The sessions as apps see them: a time that another clock set ahead shows as now. Each keeps its reference while it stays the same. */
function shownSessions(user: User): ConversationSession[] {
  const listed = listedSessions(user)
  if (listed.length === 0) return []
  const now = nowMs(user.context.clock)
  return listed.map((session) => noLaterThan(session, now))
}

function noLaterThan(session: ConversationSession, now: number): ConversationSession {
  const { lastActivity, startedAt } = session
  if (lastActivity <= now && startedAt <= now) return session
  return { ...session, lastActivity: Math.min(lastActivity, now), startedAt: Math.min(startedAt, now) }
}

/** `previous` if nothing in it differs, so that nothing is drawn again. */
function sameOrNew<T extends object>(previous: T | undefined, next: T): T {
  return previous && isSameRecord(previous, next) ? previous : next
}

/** The state that apps see: computed when somebody reads it, and announced before the next paint. */
export function publishedState(
  browser: Browser,
  initial: SessionState,
  workOut: (previous: SessionState) => SessionState,
) {
  let state = initial
  let isStale = false
  let isNotifying = false
  const store = createStore<SessionState>(() => initial)
  const listening = new Set<() => void>()

  function read(): SessionState {
    if (isStale) state = workOut(state)
    isStale = false
    return state
  }

  function notify(): void {
    isNotifying = false
    const next = read()
    if (next !== store.getState()) store.setState(next, true)
  }

  return {
    read,
    /** Before anything is painted after it, such as in a page that goes away. */
    notify,
    initial: store.getInitialState,

    subscribe(listener: (state: SessionState, previous: SessionState) => void): () => void {
      notify() // what nobody has listened to is nobody's news
      const call = (next: SessionState, previous: SessionState) => callListener(() => listener(next, previous))
      const stop = store.subscribe(call)
      call(store.getState(), store.getState())
      listening.add(stop)
      return () => {
        stop()
        listening.delete(stop)
      }
    },

    /** The state may have changed. However often it does, listeners are called once before each paint. */
    changed(): void {
      isStale = true
      if (isNotifying || listening.size === 0) return
      isNotifying = true
      browser.beforePaint(notify)
    },

    /** Another state at once: the user is another. */
    show(next: SessionState): void {
      state = next
      isStale = false
      store.setState(next, true)
    },
  }
}

/** Calls listeners with events. A listener that throws harms neither the others nor the store. */
export function createEventEmitter() {
  const listeners = new Set<(event: SessionEvent) => void>()
  return {
    emit(event: SessionEvent): void {
      for (const listener of [...listeners]) {
        callListener(() => listener(event))
      }
    },
    on(listener: (event: SessionEvent) => void): () => void {
      const own = (event: SessionEvent): void => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}

/** Runs an app's listener. Its own error goes where uncaught errors go, as from a DOM listener, and not into our code. */
function callListener(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

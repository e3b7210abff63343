import type { SessionChange } from '../core/change.js'
import { LeftoffError } from '../core/error.js'
import type { ClaimChannel } from './browser.js'
import type { Claim } from './claims.js'
import { localEpoch, type StoreContext } from './context.js'
import type { Entry } from './entry.js'
import type { Place } from './place.js'
import { type Deferred, deferred } from './promises.js'
import type { Recorded } from './recorded.js'

/** A removal that was not carried out yet. */
interface Removal {
  /** Ms since the epoch; missing: at once. */
  readonly dueAt?: number
}

/** What an earlier page left in the journal: sent until storage answers. */
export interface Replay {
  readonly key: string
  readonly text: string
  readonly conversationId: string
  /** Missing: the conversation is to be removed. */
  readonly change?: SessionChange
  readonly dueAt?: number
}

/** What was recorded before a conversation was open: it goes to the one that opens in its workspace. */
interface Waiting {
  readonly workspace: string | undefined
  readonly recorded: Recorded
}

/** Everything of one user in one store. Each part is changed by the module named. */
export interface User {
  readonly context: StoreContext
  readonly userId: string
  /** Of this user in this page: names its journal entries and its claims. Empty until the user starts. */
  pageId: string

  /** user.ts: `gone` once the user was replaced, signed out, or the store disposed. Nothing runs for them from then on. */
  isGone: boolean
  /** The app moved on from the user: nothing is opened or claimed any more, only what is unsaved is still saved. */
  hasLeft: boolean
  /** Resolves when the user is left or gone, with what waiting promises reject with. */
  readonly ended: Deferred<LeftoffError>
  /** The user signed out in another tab: storage refused something, that tab kept the history, or it says so and storage is to tell. */
  signedOutElsewhere: 'refused' | 'kept' | 'said' | undefined
  /** sign-out.ts. The sign-in this page belongs to. */
  epoch: string
  /** session-user.ts: what must have happened before anything is opened. Never rejects. */
  started: Promise<void> | undefined
  /** guests.ts: what a guest has becomes the user's. Never rejects. */
  claiming: Promise<void> | undefined

  /** history.ts */
  scope: string
  highestRank: number
  readonly entries: Map<string, Entry>
  /** Those with something that storage has not acknowledged, so that saving need not look through all. */
  readonly unsent: Set<string>
  /** Removed here: whatever was read before does not bring them back. */
  readonly removedIds: Set<string>
  /** Being cleared: neither shown nor sent. */
  readonly clearing: Set<string>
  next: { all: string | undefined; readonly byWorkspace: Map<string, string | undefined> }

  /** queue.ts */
  readonly removals: Map<string, Removal>
  readonly replays: Map<string, Replay>
  waiting: readonly Waiting[]
  /** Why something was refused, until `flush` has said so. */
  refusal: LeftoffError | undefined

  /** saving.ts */
  readonly saving: {
    running: Promise<void> | undefined
    next: Promise<void> | undefined
    cancelTimer: (() => void) | undefined
    /** When it runs, by the monotonic clock. */
    timerAt: number
    lastBeganAt: number
    failures: number
    error: LeftoffError | undefined
    lastSavedAt: number | undefined
  }

  /** reading.ts */
  readonly reading: {
    error: LeftoffError | undefined
    failures: number
    run: number
    /** The greatest rank that was listed; 0 before anything was. */
    newest: number
    cancelRetry: (() => void) | undefined
    /** To be read once the save under way has ended. */
    readonly again: Set<string>
  }

  /** session-user.ts: what stops listening to the adapter. */
  unsubscribe: (() => void) | undefined
  /** snapshot.ts: the older app's blob as it was imported, which the snapshot may replace. */
  importedBlob: string | undefined

  /** claims.ts */
  readonly claims: Map<string, Claim>
  /** This page cannot see other tabs, and the app knows. */
  isUnguarded: boolean
  channel: ClaimChannel | undefined
  openElsewhere: readonly string[]
  /** Given back a moment ago: the browser may still list their locks. */
  readonly releasing: Set<string>
  readonly answers: Map<string, (gives: boolean) => void>
  readonly released: Map<string, Deferred<void>>

  /** opening.ts */
  readonly places: Map<string, Place>
  readonly openings: Map<string, Opening>
  currentWorkspace: string | undefined
  /** The workspace that the app asked for last. */
  wantedWorkspace: string | undefined
  runs: number
  /** Begun in this page: another may have them open, but only this one began them. */
  readonly begun: Set<string>
  /** watching.ts: what stops waiting for a conversation, and the workspaces whose conversation went back to its reloading page. */
  readonly watches: Map<string, AbortController>
  readonly gaveWay: Map<string, string>
  /** Whether this tab's last page left in order, so that its pointers are its own and no copy's. */
  hasLeftStamp: boolean
}

/** An opening that runs. */
interface Opening {
  readonly run: number
  readonly asked: string | undefined
  readonly result: Promise<string>
}

export function createUser(context: StoreContext, userId: string): User {
  return {
    context,
    userId,
    pageId: '',
    isGone: false,
    hasLeft: false,
    signedOutElsewhere: undefined,
    ended: deferred(),
    epoch: localEpoch(context, userId) ?? '',
    started: undefined,
    claiming: undefined,
    scope: '',
    highestRank: 0,
    entries: new Map(),
    unsent: new Set(),
    removedIds: new Set(),
    clearing: new Set(),
    next: { all: undefined, byWorkspace: new Map() },
    removals: new Map(),
    replays: new Map(),
    waiting: [],
    refusal: undefined,
    saving: {
      running: undefined,
      next: undefined,
      cancelTimer: undefined,
      timerAt: 0,
      lastBeganAt: Number.NEGATIVE_INFINITY,
      failures: 0,
      error: undefined,
      lastSavedAt: undefined,
    },
    reading: { error: undefined, failures: 0, run: 0, newest: 0, cancelRetry: undefined, again: new Set() },
    unsubscribe: undefined,
    importedBlob: undefined,
    claims: new Map(),
    isUnguarded: false,
    channel: undefined,
    openElsewhere: [],
    releasing: new Set(),
    answers: new Map(),
    released: new Map(),
    places: new Map(),
    openings: new Map(),
    currentWorkspace: undefined,
    wantedWorkspace: undefined,
    runs: 0,
    begun: new Set(),
    watches: new Map(),
    gaveWay: new Map(),
    hasLeftStamp: false,
  }
}

/** Stops everything of the user at once. */
export function endUser(user: User, why: LeftoffError): void {
  if (user.isGone) return
  user.isGone = true
  user.hasLeft = true
  user.saving.cancelTimer?.()
  user.reading.cancelRetry?.()
  user.ended.resolve(why)
}

/** The time in whole ms since the epoch; a clock before 1970 counts as 1970. */
export function nowMs({ context }: Pick<User, 'context'>): number {
  const now = Math.floor(context.clock.now())
  return Number.isFinite(now) && now > 0 ? now : 0
}

export function disposedError(): LeftoffError {
  return new LeftoffError('disposed', 'This session store was disposed. Create another one.')
}

export function signedOutError(): LeftoffError {
  return new LeftoffError('signed-out', 'The user signed out on this device. Nothing more of theirs is stored here.')
}

export function noUserError(): LeftoffError {
  return new LeftoffError('no-user', 'The user is not known yet. Call setUser(userId) once it is.')
}

/** What the app asked for came without the part of the library that does it. */
export function withoutOption(what: string, option: string): LeftoffError {
  return new LeftoffError('invalid-argument', `This session store ${what}. Pass the option ${option}: ${option}().`)
}

import type { SessionChange } from '../core/apply-change.js'
import { type Deferred, deferred } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import type { ClaimChannel } from './browser.js'
import type { StoreContext } from './context.js'
import type { Place } from './current-conversation.js'
import { localEpoch } from './device-keys.js'
import type { Entry } from './entry.js'
import type { Recorded } from './history.js'
import type { Claim } from './tab-claims.js'

/** What an earlier page left in the journal: sent until storage answers. */
export interface Replay extends Removal {
  readonly key: string
  readonly text: string
  readonly conversationId: string
  /** Missing: the conversation is to be removed. */
  readonly change?: SessionChange
}

/** A removal that was not carried out yet. */
export interface Removal {
  /** Where the conversation was, if the page knew. */
  readonly workspace?: string
  /** When it can no longer be undone, in ms since the epoch; `undefined`: at once. */
  readonly dueAt?: number
}

/** Everything of one user in one store. Each part is changed by the module named. */
export class User {
  /** Of this user in this page: names its journal entries and its claims. Empty until the user starts. */
  pageId = ''

  /** user.ts: set once the user was replaced, signed out, or the store disposed. Nothing runs for them from then on. */
  isGone = false
  /** The app moved on from the user: nothing is opened or claimed any more, only what is unsaved is still saved. */
  hasLeft = false
  /** Resolves when the user is left or gone, with what waiting promises reject with. */
  readonly ended: Deferred<LeftoffError> = deferred()
  /** The user signed out in another tab: storage refused something, that tab kept the history, or it says so and storage is to tell. */
  signedOutElsewhere: 'refused' | 'kept' | 'said' | undefined
  /** The sign-in this page belongs to. */
  epoch: string
  /** lifecycle.ts: what must have happened before anything is opened. Never rejects. */
  started: Promise<void> | undefined
  /** guests.ts: what a guest has becomes the user's. Never rejects. */
  claiming: Promise<void> | undefined

  /** history.ts */
  scope = ''
  highestRank = 0
  readonly entries = new Map<string, Entry>()
  /** Those with something that storage has not acknowledged, so that saving need not look through all. */
  readonly unsent = new Set<string>()
  /** Removed here, or being removed: neither shown nor sent, and whatever was read before does not bring them back. */
  readonly removedIds = new Set<string>()
  /** removing.ts: what is being removed, and is shown again if that fails. */
  readonly hiding = new Set<string>()
  /** Begun in this page: another may have them open, but only this one began them. */
  readonly begun = new Set<string>()

  /** removing.ts: removals that were not carried out yet. */
  readonly removals = new Map<string, Removal>()
  readonly replays = new Map<string, Replay>()
  /** What was recorded before a conversation was open: it goes to the one that opens in its workspace. */
  waiting: readonly { readonly workspace: string | undefined; readonly recorded: Recorded }[] = []
  /** Why something was refused, until `flush` has said so. */
  refusal: LeftoffError | undefined
  readonly saving = new Saving()

  readonly reading = new Reading()
  /** lifecycle.ts: what stops listening to the adapter. */
  unsubscribe: (() => void) | undefined
  /** snapshot.ts: the older app's blob as it was imported, which the snapshot may replace. */
  importedBlob: string | undefined

  /** claims.ts */
  readonly claims = new Map<string, Claim>()
  /** This page cannot see other tabs, and the app knows. */
  isUnguarded = false
  channel: ClaimChannel | undefined
  openElsewhere: readonly string[] = []
  /** Given back a moment ago: the browser may still list their locks. */
  readonly releasing = new Set<string>()
  readonly released = new Map<string, Deferred<void>>()

  /** opening.ts */
  readonly places = new Map<string, Place>()
  /** Openings that run. */
  readonly openings = new Map<
    string,
    { readonly run: number; readonly asked: string | undefined; readonly result: Promise<string> }
  >()
  currentWorkspace: string | undefined
  /** The workspace that the app asked for last. */
  wantedWorkspace: string | undefined
  runs = 0
  /** watching.ts: what stops waiting for a conversation, and the workspaces whose conversation went back to its reloading page. */
  readonly watches = new Map<string, AbortController>()
  /** Conversations that this page does not have and another one asked for. */
  readonly askedFor = new Set<string>()
  readonly gaveWay = new Map<string, string>()
  /** Whether this tab's last page left in order, so that its pointers are its own and no copy's. */
  hasLeftStamp = false

  constructor(
    readonly context: StoreContext,
    readonly userId: string,
  ) {
    this.epoch = localEpoch(context, userId) ?? ''
  }
}

/** saving.ts */
class Saving {
  running: Promise<void> | undefined
  next: Promise<void> | undefined
  cancelTimer: (() => void) | undefined
  /** When it runs, by the monotonic clock. */
  timerAt = 0
  lastBeganAt = Number.NEGATIVE_INFINITY
  failures = 0
  error: LeftoffError | undefined
  lastSavedAt: number | undefined
}

/** reading.ts */
class Reading {
  error: LeftoffError | undefined
  failures = 0
  run = 0
  /** The greatest rank that was listed; 0 before anything was. */
  newest = 0
  cancelRetry: (() => void) | undefined
  /** To be read once the save under way has ended. */
  readonly again = new Set<string>()
  /** Where the next page of the whole history begins, and of workspaces. */
  next: string | undefined
  readonly nextOf = new Map<string, string | undefined>()
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

import type { SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import type { SessionEvent } from '../core/session-event.js'
import { keysOfUser } from '../core/web-storage.js'
import type { Browser } from './browser.js'
import { createClaims } from './claims.js'
import { isUnsaved } from './conversation-record.js'
import { createCurrentConversation } from './current-conversation.js'
import { createHistory } from './history.js'
import { createHoldings } from './holdings.js'
import { createJournal } from './journal.js'
import { createLeftStamps } from './left-stamps.js'
import type { OlderCode } from './older-code.js'
import { createPointers } from './pointers.js'
import { quietly } from './quietly.js'
import type { SignOuts } from './sign-outs.js'

/** What {@link createSessionUser} works with, and whom it tells. */
export interface SessionUserOptions {
  readonly name: string
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly browser: Browser
  readonly clock: Clock
  readonly createId: () => string
  readonly older: OlderCode
  readonly signOuts: SignOuts
  readonly persistContent: boolean
  readonly retentionDays: number
  readonly resume: 'latest' | 'new'
  readonly capacity: number
  readonly openTimeoutMs: number
  readonly emit: (event: SessionEvent) => void
  /** Something to show has changed. */
  readonly onChange: () => void
  /** Another conversation is current now. */
  readonly onCurrent: () => void
  /** The user signed out on this device, in another tab. */
  readonly onSignedOut: () => void
}

/** How many sessions over all workspaces the store keeps at hand. */
const historyLimit = 100

export type SessionUser = ReturnType<typeof createSessionUser>

/** All that belongs to one user: history, current conversation, claims, pointers, journal. Nothing of it reaches another's. */
export function createSessionUser(options: SessionUserOptions) {
  const { name, adapter, userId, browser, clock, createId, older, signOuts, emit, onSignedOut } = options
  let signOutsAtStart: number | undefined
  let hasLeft = false
  let isStarted = false
  const openStorage = () => browser.storage('localStorage')
  const pointers = createPointers(name, () => browser.storage('sessionStorage'))
  const left = createLeftStamps(name, userId, clock.now, openStorage)
  const claims = createClaims({
    name,
    userId,
    browser,
    clock,
    createId,
    onChange,
    onLost(conversationId) {
      if (conversationId === current.get()?.conversationId) void current.retake()
    },
  })
  const holdings = createHoldings(claims, (conversationId) => {
    const record = history.records.get(conversationId)
    return record !== undefined && isUnsaved(record)
  })
  const history = createHistory({
    adapter,
    userId,
    clock,
    createId,
    persistContent: options.persistContent,
    journal: adapter.durability === 'committed' ? openJournal() : undefined,
    limit: historyLimit,
    retentionDays: options.retentionDays,
    lend: holdings.lend,
    isSignedIn,
    isHeldBack: (conversationId) => current.isHeldBack(conversationId),
    isCurrent: (conversationId) => conversationId === current.get()?.conversationId,
    onChange() {
      holdings.tidy()
      onChange()
    },
    onSaveFailed(error) {
      if (error.code === 'signed-out') onSignedOut()
      else emit({ type: 'save-failed', error })
    },
    onLost(conversationId, reason) {
      if (conversationId === current.get()?.conversationId) current.replace()
      emit({ type: 'conversation-lost', conversationId, reason })
    },
    onChangedElsewhere: (conversationId) => emit({ type: 'conversation-changed', conversationId }),
    onNewerVersion: (conversationId) => emit({ type: 'newer-version', conversationId, error: newer(conversationId) }),
  })
  const current = createCurrentConversation({
    adapter,
    userId,
    history,
    holdings,
    older,
    pointers,
    left,
    clock,
    createId,
    resume: options.resume,
    capacity: options.capacity,
    openTimeoutMs: options.openTimeoutMs,
    isHidden: browser.isHidden,
    emit,
    onChange,
    onCurrent() {
      if (!hasLeft) options.onCurrent()
    },
    isDisposed: () => hasLeft,
  })

  function onChange(): void {
    if (!hasLeft) options.onChange()
  }

  function openJournal() {
    let documentId: string | undefined
    return createJournal({
      name,
      userId,
      documentId() {
        documentId ??= createId()
        return documentId
      },
      now: clock.now,
      storage: openStorage,
    })
  }

  function isSignedIn(): boolean {
    return signOutsAtStart === undefined || signOuts.read() <= signOutsAtStart
  }

  /** Whether the user is still signed in on this device; if not, everything of theirs goes. */
  function check(): boolean {
    if (isSignedIn()) return true
    onSignedOut()
    return false
  }

  return {
    userId,
    history,
    current,
    openElsewhere: claims.openElsewhere,

    /** Listens from now on. */
    start(): void {
      if (isStarted) return
      isStarted = true
      signOutsAtStart = signOuts.read()
      pointers.dropIfSignedOut(signOutsAtStart)
      claims.start()
      history.start()
    },

    /** Claims a conversation that something is said in without its being open, until that is saved. */
    claimForSave({ workspace, conversationId }: ConversationSession): void {
      void claims.take({ workspace, conversationId })
    },

    /** Forgets which conversation this tab had in the workspace, or in all. */
    dropPointers(workspace?: string): void {
      pointers.dropAll(userId, workspace)
      holdings.drop(workspace)
    },

    /** The page is hidden, shown, left, or comes back. */
    onHidden: history.park,
    onPageHide(): void {
      history.park()
      for (const { workspace, conversationId } of holdings.kept()) left.stamp(workspace, conversationId)
      claims.suspend()
    },
    onPageShow(): void {
      if (!check()) return
      claims.start()
      for (const conversation of holdings.kept()) {
        if (conversation.conversationId !== current.get()?.conversationId) void holdings.keep(conversation)
      }
      void current.retake()
      void current.refresh()
    },
    onVisible(): void {
      if (!check()) return
      claims.look()
      if (history.saving().error) void history.flush()
      // Also where the adapter tells of changes: Firefox sends no storage event for what a page writes as another one begins to listen.
      void current.refresh()
    },
    check,

    /** Another user's turn, or the end: saves what is left and gives everything back. Nothing is forgotten. */
    async leave(): Promise<void> {
      hasLeft = true
      if (isStarted && isSignedIn()) history.park()
      await history.dispose()
      claims.suspend()
    },

    /** Forgets the user on this device. What was not saved is dropped. */
    async forget(): Promise<void> {
      hasLeft = true
      const stopped = history.abandon()
      pointers.dropAll(userId)
      purge()
      claims.suspend()
      await stopped // a write of ours that was under way has landed
      purge()
      await adapter.forget?.(userId)
    },
  }

  function purge(): void {
    for (const kind of ['localStorage', 'sessionStorage'] as const) {
      quietly(
        () => browser.storage(kind),
        (storage) => {
          for (const key of keysOfUser(storage, name, userId)) storage.removeItem(key)
        },
      )
    }
    older.forget(userId)
  }
}

function newer(conversationId: string): LeftoffError {
  return new LeftoffError(
    'newer-version',
    `Conversation ${conversationId} was stored by a newer version of leftoff. It is shown but not saved; reload the page to update.`,
  )
}

import { isObject, requireId } from '../core/checks.js'
import { ignoreRejection, localStorageDelayMs } from '../core/clock.js'
import { randomScope, storageKey } from '../core/keys-and-ids.js'
import type { SessionEvent } from '../core/session-event.js'
import type { LifecycleEvent } from './browser.js'
import type { StoreContext } from './context.js'
import { isSignedIn, leaveUser, onLifecycle, startUser } from './lifecycle.js'
import { openAfterGivingWay, openWorkspace } from './opening.js'
import { announceSignOut } from './other-tabs.js'
import { dueNow } from './queue.js'
import { readAgain } from './reading.js'
import { forgetHere, forgetUser } from './removing.js'
import { saveAll, saveSoon } from './saving.js'
import type { SessionState, SessionStoreOptions } from './session-store.js'
import { writeSnapshot } from './snapshot.js'
import { emptyState, publishedState, stateOf, statusOf, storageFailure } from './state.js'
import { disposedError, noUserError, signedOutError, User, withoutOption } from './user.js'

/** What a store begins with. */
interface Beginning {
  readonly userId: string | null
  readonly snapshot: NonNullable<SessionStoreOptions['snapshot']>
  /** Gives the first user what a server rendered. The first user's only: whoever comes later may have signed out since. */
  readonly fill: (user: User) => void
  readonly emit: (event: SessionEvent) => void
}

/** What surrounds the user of a store: who it is, what the page does, and the state that apps see. */
export function storeShell(context: StoreContext, { userId, snapshot, fill, emit }: Beginning) {
  const { browser, adapter, clock } = context
  let user = userId === null ? undefined : new User(context, userId)
  if (user) fill(user)
  let isFilled = user !== undefined
  /** The user who left last, whom `signOut` without a user is about. */
  let left: User | undefined
  let leaving: Promise<unknown> = Promise.resolve()
  const published = publishedState(browser, user ? stateOf(user, emptyState) : emptyState, workOut)
  let { status } = emptyState
  let hasSaved = false
  let isDegraded = false
  let isDisposed = false
  let stop: (() => void) | undefined

  function listen(): void {
    if (stop) return
    const offs = [browser.onLifecycle(onPage), adapter.onReport?.(send), onLaterStore()]
    stop = () => {
      for (const off of offs) off?.()
    }
  }

  /**
   * A store that is made later for the same place and user in this page, such as by a hot reload, takes over at once: earlier ones
   * are told of this one.
   */
  function onLaterStore(): () => void {
    const events = browser.events()
    const type = `${storageKey(context.name, 'store')}/${context.panel}`
    const onStore = (event: Event): void => {
      const said = event instanceof CustomEvent && isObject(event.detail) ? event.detail : {}
      if (said.userId === user?.userId) giveWay()
    }
    events?.dispatchEvent(new CustomEvent(type, { detail: { userId: user?.userId } }))
    events?.addEventListener(type, onStore)
    return () => events?.removeEventListener(type, onStore)
  }

  /** A later store has this one's place. */
  function giveWay(): void {
    if (!user) return
    const before = user
    user = undefined
    show({ ...emptyState, userId: before.userId, sessions: published.read().sessions })
    leaving = ignoreRejection(leaveUser(before, disposedError()))
  }

  function onPage(event: LifecycleEvent): void {
    if (!user || !check()) return
    onLifecycle(user, event)
    if (event !== 'hidden' && event !== 'pagehide') return
    published.notify() // nothing is painted from now on
    keepSnapshot()
  }

  /** Whether the user is still signed in on this device; if not, this tab shows it. */
  function check(): boolean {
    if (!user || isSignedIn(user)) return true
    signedOutElsewhere(user, false)
    return false
  }

  /** A message may arrive before the epoch that it is about: browsers bring localStorage from one process to another later. */
  function checkUntilSeen(of: User, waitMs = 50): void {
    if (user !== of || !check() || waitMs > localStorageDelayMs) return
    clock.setTimeout(() => checkUntilSeen(of, waitMs * 2), waitMs, { keepsAlive: false })
  }

  function signedOutElsewhere(gone: User, keepsHistory: boolean): void {
    if (keepsHistory) leaving = ignoreRejection(leaveUser(gone, signedOutError()))
    else forgetHere(context, gone)
    showSignedOut(gone)
  }

  /** An app without users begins anew where it was. */
  function showSignedOut(gone: User): void {
    user = undefined
    left = undefined
    isDegraded = false
    if (gone.userId !== '' || isDisposed) {
      show({ ...emptyState, status: 'signed-out' })
      send({ type: 'signed-out', userId: gone.userId })
      return
    }
    const next = new User(context, '')
    user = next
    show({ ...emptyState, userId: '' })
    send({ type: 'signed-out', userId: '' })
    next.started = startUser(next)
    // The current one once more: the last wish wins.
    for (const workspace of [...gone.places.keys(), gone.currentWorkspace]) {
      if (workspace !== undefined) void openWorkspace(next, workspace, {})
    }
  }

  function send(event: SessionEvent): void {
    if (!isDisposed) emit(event)
  }

  function publish(): void {
    if (!user || isDisposed) return
    const elsewhere = user.signedOutElsewhere
    if (elsewhere === 'said') {
      user.signedOutElsewhere = undefined
      checkUntilSeen(user)
    } else if (elsewhere) signedOutElsewhere(user, elsewhere === 'kept')
    if (elsewhere) return
    const before = status
    status = statusOf(user)
    published.changed()
    tellFailure(user)
    // What was taken over is saved for the tab that has it now.
    if (before === 'ready' && status === 'watching') void saveAll(user)
    for (const workspace of user.gaveWay.keys()) void openAfterGivingWay(user, workspace)
    if (user.reading.again.size > 0 && !user.saving.running && user.saving.failures === 0) {
      const ids = [...user.reading.again]
      user.reading.again.clear()
      void readAgain(user, ids)
    }
    // Something that no action recorded: a row that is not to hold content, or what waited for a conversation.
    const mayBeDue = user.unsent.size > 0 && !user.saving.running && !user.saving.cancelTimer
    if (mayBeDue && dueNow(user)) saveSoon(user)
    if (!hasSaved && user.saving.lastSavedAt !== undefined) {
      hasSaved = true
      keepSnapshot()
    }
  }

  function workOut(previous: SessionState): SessionState {
    return user && !isDisposed ? stateOf(user, previous) : previous
  }

  /** Shows another state at once: the user is another. */
  function show(next: SessionState): void {
    status = next.status
    hasSaved = false
    published.show(next)
  }

  function tellFailure(of: User): void {
    const error = storageFailure(of)
    const wasDegraded = isDegraded
    isDegraded = error !== undefined
    if (error && !wasDegraded) send({ type: 'degraded', error })
    if (!error && wasDegraded) send({ type: 'restored' })
  }

  function keepSnapshot(): void {
    if (snapshot && user) writeSnapshot(user, published.read(), snapshot === true ? undefined : snapshot)
  }

  function replaceUser(next: string | undefined): Promise<void> {
    const before = user
    user = next === undefined ? undefined : new User(context, next)
    isDegraded = false
    if (user && !isFilled) fill(user)
    isFilled ||= user !== undefined
    if (before) left = before
    const saved = before ? leaveUser(before, signedOutError()) : Promise.resolve()
    const all = Promise.all([leaving, saved]).then(() => {})
    leaving = all.catch(() => {})
    show(user ? stateOf(user, emptyState) : emptyState)
    return all
  }

  return {
    state: published,
    send,
    publish,
    keepSnapshot,

    /** The user, working from now on. */
    use(): User {
      if (isDisposed) throw disposedError()
      if (!user) throw noUserError()
      listen()
      user.started ??= startUser(user)
      return user
    },

    async setUser(next: string | undefined, claimsGuest: boolean): Promise<void> {
      if (isDisposed) throw disposedError()
      if (next !== undefined && next !== '') requireId('userId', next)
      if (claimsGuest && !context.guests) throw withoutOption('claims no guests', 'guests')
      const isSame = next === user?.userId && (user || status !== 'signed-out')
      const saved = isSame ? leaving : replaceUser(next)
      await Promise.all([saved, claimsGuest && user && next && context.guests?.(user, saved)])
    },

    async signOut(keepHistory: boolean): Promise<void> {
      if (isDisposed) throw disposedError()
      const gone = user ?? left
      if (!gone) throw noUserError()
      listen()
      if (keepHistory) {
        announceSignOut(gone, true)
        const saved = leaveUser(gone, signedOutError())
        showSignedOut(gone)
        return saved
      }
      const forgotten = forgetUser(context, gone, randomScope() + randomScope())
      announceSignOut(gone, false)
      if (user === gone) showSignedOut(gone)
      else left = undefined
      await forgotten
    },

    async dispose(): Promise<void> {
      if (isDisposed) return leaving.then(() => {})
      keepSnapshot()
      const before = user
      const saved = before ? leaveUser(before, disposedError()) : Promise.resolve()
      isDisposed = true
      stop?.()
      await Promise.all([leaving, saved.catch(() => {})])
    },
  }
}

import type { StoreApi } from 'zustand/vanilla'
import { isObject, requireId } from '../core/checks.js'
import { randomScope, shortHash } from '../core/hash.js'
import type { SessionEvent } from '../core/session-event.js'
import { storageKey } from '../core/web-storage.js'
import type { ClaimChannel, LifecycleEvent } from './browser.js'
import { closeClaims } from './claims.js'
import { callListener } from './event-emitter.js'
import { noUserError, openAfterGivingWay, openWorkspace } from './opening.js'
import { ignoreRejection } from './promises.js'
import { hasDue } from './queue.js'
import { readAgain, refresh } from './reading.js'
import { saveAll, saveSoon } from './saving.js'
import type { SessionState } from './session-store.js'
import {
  forgetTab,
  forgetUser,
  isSignedIn,
  leaveUser,
  onHidden,
  onPageHide,
  onPageShow,
  onResume,
  onVisible,
  startUser,
} from './session-user.js'
import { writeSnapshot } from './snapshot.js'
import { emptyState, stateOf, statusOf, storageFailure } from './state.js'
import { createUser, disposedError, endUser, type StoreContext, signedOutError, type User } from './user.js'
import { stopWatching } from './watching.js'

/** What {@link storeShell} is made with. */
export interface ShellOptions {
  readonly snapshot: boolean
  readonly emit: (event: SessionEvent) => void
  readonly createApi: (initial: SessionState) => StoreApi<SessionState>
}

/** How late localStorage may be in another process, about. */
const maxEpochDelayMs = 3_200

/** What surrounds the user of a store: who it is, what the page does, and the state that apps see. */
export function storeShell(context: StoreContext, { snapshot, emit, createApi }: ShellOptions) {
  const { name, browser, adapter, clock } = context
  let user: User | undefined
  /** The user who left last, whom `signOut` without a user is about. */
  let left: User | undefined
  let leaving: Promise<unknown> = Promise.resolve()
  let api = createApi(emptyState)
  /** The state as it was last worked out: when somebody reads it, or before the next paint for those who listen. */
  let state = emptyState
  let isStale = false
  let isNotifying = false
  const listening = new Set<() => void>()
  let status = emptyState.status
  let hasSaved = false
  let isDegraded = false
  let isDisposed = false
  let stop: (() => void) | undefined
  /** Gives the first user what a server rendered. */
  let fillFirst: ((user: User) => void) | undefined
  let channel: ClaimChannel | undefined

  function listen(): void {
    if (stop) return
    const offLifecycle = browser.onLifecycle(onLifecycle)
    const offReport = adapter.onReport?.((report) => send(report))
    const offStores = listenForStores()
    openChannel()
    stop = () => {
      offLifecycle()
      offReport?.()
      offStores()
      closeChannel()
    }
  }

  /** A store made later for the same place in the same page, such as by a hot reload, takes over at once. */
  function listenForStores(): () => void {
    const events = browser.events()
    const type = `${storageKey(name, 'store')}/${context.panel}`
    const own = randomScope()
    const onStore = (event: Event): void => {
      if (!(event instanceof CustomEvent) || !isObject(event.detail)) return
      const { by, userId } = event.detail
      if (by === own || !user || userId !== user.userId) return
      const before = user
      user = undefined
      show({ ...emptyState, userId: before.userId, sessions: read().sessions })
      leaving = ignoreRejection(leaveUser(before, disposedError()))
    }
    events?.dispatchEvent(new CustomEvent(type, { detail: { by: own, userId: user?.userId } }))
    events?.addEventListener(type, onStore)
    return () => events?.removeEventListener(type, onStore)
  }

  /** For what cannot wait until the next write: another tab signs out. */
  function openChannel(): void {
    channel ??= browser.channel(storageKey(name, 'sign-outs'), (data) => {
      if (!user || !isObject(data) || data.user !== shortHash(user.userId)) return
      // A message alone deletes nothing: the epoch says whether somebody signed out. With the history kept there is no new one.
      if (data.keepHistory === true) signedOutElsewhere(user, true)
      else checkUntilSeen(user)
    })
  }

  /** An open channel may keep a page out of the back/forward cache. */
  function closeChannel(): void {
    channel?.close()
    channel = undefined
  }

  function onLifecycle(event: LifecycleEvent): void {
    if (event === 'pagehide') closeChannel()
    if (event === 'pageshow') openChannel()
    if (!user || !check()) return
    switch (event) {
      case 'hidden':
      case 'pagehide':
        if (event === 'hidden') onHidden(user)
        else onPageHide(user)
        notify() // nothing is painted from now on
        keepSnapshot()
        return
      case 'pageshow':
        onPageShow(user)
        return
      case 'freeze':
        stopWatching(user)
        return
      case 'resume':
        onResume(user)
        return
      case 'visible':
        onVisible(user)
    }
  }

  /** Whether the user is still signed in on this device; if not, this tab shows it. */
  function check(): boolean {
    if (!user || isSignedIn(user)) return true
    signedOutElsewhere(user, false)
    return false
  }

  /** A message may arrive before the epoch that it is about: browsers bring localStorage from one process to another later. */
  function checkUntilSeen(of: User, waitMs = 50): void {
    if (user !== of || !check() || waitMs > maxEpochDelayMs) return
    clock.setTimeout(() => checkUntilSeen(of, waitMs * 2), waitMs, { keepsAlive: false })
  }

  function signedOutElsewhere(gone: User, keepsHistory: boolean): void {
    if (keepsHistory) leaving = ignoreRejection(leaveUser(gone, signedOutError()))
    else {
      endUser(gone, signedOutError())
      closeClaims(gone)
      gone.unsubscribe?.()
      forgetTab(context, gone.userId)
      // What this tab saved before it heard of it: a device adapter removes what it meets of an older epoch.
      if (adapter.place === 'device') void ignoreRejection(adapter.list(gone.userId, { limit: 1_000 }))
    }
    showSignedOut(gone)
  }

  /** An app without users begins anew where it was. */
  function showSignedOut(gone: User): void {
    const workspaces = [...gone.places.keys()]
    const { currentWorkspace } = gone
    user = undefined
    left = undefined
    isDegraded = false
    if (gone.userId !== '' || isDisposed) {
      show({ ...emptyState, status: 'signed-out' })
      send({ type: 'signed-out', userId: gone.userId })
      return
    }
    user = createUser(context, '')
    show({ ...emptyState, userId: '' })
    send({ type: 'signed-out', userId: '' })
    const next = user
    startUser(next)
    for (const workspace of [
      ...workspaces.filter((one) => one !== currentWorkspace),
      ...(currentWorkspace ? [currentWorkspace] : []),
    ]) {
      void openWorkspace(next, workspace, {})
    }
  }

  function send(event: SessionEvent): void {
    if (!isDisposed) emit(event)
  }

  function publish(): void {
    if (!user || isDisposed) return
    if (user.isSignedOutElsewhere) {
      signedOutElsewhere(user, false)
      return
    }
    isStale = true
    const before = status
    status = statusOf(user)
    notifySoon()
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
    if (!user.saving.running && !user.saving.cancelTimer && hasDue(user)) saveSoon(user)
    if (!hasSaved && user.saving.lastSavedAt !== undefined) {
      hasSaved = true
      keepSnapshot()
    }
  }

  /** The state as it is now. */
  function read(): SessionState {
    if (isStale && user && !isDisposed) state = stateOf(user, state)
    isStale = false
    return state
  }

  /** Shows another state at once: the user is another. */
  function show(next: SessionState): void {
    state = next
    status = next.status
    isStale = false
    hasSaved = false
    api.setState(next, true)
  }

  /** However often the state changes, who listens hears of it once before each paint. */
  function notifySoon(): void {
    if (isNotifying || listening.size === 0) return
    isNotifying = true
    browser.beforePaint(notify)
  }

  function notify(): void {
    isNotifying = false
    const next = read()
    if (next !== api.getState()) api.setState(next, true)
  }

  function tellFailure(of: User): void {
    const error = storageFailure(of)
    const wasDegraded = isDegraded
    isDegraded = error !== undefined
    if (error && !wasDegraded) send({ type: 'degraded', error })
    if (!error && wasDegraded) send({ type: 'restored' })
  }

  function keepSnapshot(): void {
    if (snapshot && user) writeSnapshot(user, read())
  }

  function replaceUser(next: string | undefined): Promise<void> {
    const before = user
    user = next === undefined ? undefined : createUser(context, next)
    isDegraded = false
    if (user) fillFirst?.(user)
    if (user) fillFirst = undefined
    if (before) left = before
    const saved = before ? leaveUser(before, signedOutError()) : Promise.resolve()
    const all = Promise.all([leaving, saved]).then(() => {})
    leaving = all.catch(() => {})
    show(user ? stateOf(user, emptyState) : emptyState)
    return all
  }

  return {
    read,
    initial: () => api.getInitialState(),

    subscribe(listener: (state: SessionState, previous: SessionState) => void): () => void {
      notify() // what nobody has listened to is nobody's news
      const call = (next: SessionState, previous: SessionState) => callListener(() => listener(next, previous))
      const stop = api.subscribe(call)
      call(api.getState(), api.getState())
      listening.add(stop)
      return () => {
        stop()
        listening.delete(stop)
      }
    },
    send,
    publish,
    keepSnapshot,

    /** The first user, before anything is touched. */
    begin(userId: string | null, fill: (user: User) => void): void {
      if (userId === null) {
        fillFirst = fill
        return
      }
      user = createUser(context, userId)
      fill(user)
      state = stateOf(user, emptyState)
      api = createApi(state)
    },

    /** The user, working from now on. */
    use(): User {
      if (isDisposed) throw disposedError()
      if (!user) throw noUserError()
      listen()
      startUser(user)
      return user
    },

    /** Runs an action that is a promise: its failure is also told by an event or the state, so it may be ignored. */
    attempt<T>(run: () => Promise<T>): Promise<T> {
      return ignoreRejection(run())
    },

    /** Something is open: what the page does not know of the history yet is read. */
    opened(of: User): void {
      if (of.reading.run > 0 || of.hasLeft) return
      of.reading.run++
      clock.setTimeout(() => void (of.hasLeft || refresh(of)), 0)
    },

    async setUser(next: string | undefined): Promise<void> {
      if (isDisposed) throw disposedError()
      if (next !== undefined && next !== '') requireId('userId', next)
      if (next === user?.userId && (user || state.status !== 'signed-out')) return leaving.then(() => {})
      await replaceUser(next)
    },

    async signOut(keepHistory: boolean): Promise<void> {
      if (isDisposed) throw disposedError()
      const gone = user ?? left
      if (!gone) throw noUserError()
      listen()
      openChannel()
      const message = { user: shortHash(gone.userId), keepHistory }
      if (keepHistory) {
        channel?.postMessage(message)
        const saved = leaveUser(gone, signedOutError())
        showSignedOut(gone)
        return saved
      }
      const forgotten = forgetUser(context, gone, randomScope() + randomScope())
      channel?.postMessage(message)
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

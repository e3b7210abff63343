import { backoffMs, type Clock, pause, systemClock } from '../core/clock.js'
import { createId } from '../core/keys-and-ids.js'
import type { SessionStore } from '../store/session-store.js'
import { patienceMs } from '../turns/next-request.js'
import type { TurnClient, TurnConversation } from '../turns/turn-client.js'
import { loadIntoThread } from './load-into-thread.js'
import { type ReadingThread, readIntoThread } from './read-into-thread.js'
import { readingThreads } from './reading-threads.js'
import { threadRecording } from './thread-recording.js'
import { type LoadMessages, newTurn, type ThreadTurn } from './thread-state.js'
import { emptyThread, emptyView, running, unanswered, viewOf, withNotice, withTurn } from './thread-view.js'

/**
 * How long the messages wait for what is known of a running turn, so that a reload in mid-answer shows question and answer at once.
 * A turn whose server was killed is known only when its lease has expired.
 */
const followMs = 500
/** A text that grows is shown once per frame. */
const frameMs = 16

/** What {@link createThread} makes. */
export type Thread = ReturnType<typeof createThread>

/** The messages of one conversation: what the app loads, joined with the turns that this page sends and follows. */
export function createThread(
  client: TurnClient,
  conversation: TurnConversation,
  store: SessionStore,
  clock: Clock = systemClock,
) {
  const { userId, conversationId } = conversation
  const listeners = new Set<() => void>()
  const left = new AbortController()
  const { signal } = left
  const threads = readingThreads(store)
  const { record, recordLoaded } = threadRecording(store, conversationId)
  let view = emptyView
  let load: LoadMessages = async () => []
  let failedLoads = 0
  let cancelLoad = () => {}
  let openCount = 0
  let isScheduled = false
  let isSyncing = false
  let isToSyncAgain = false
  let isWaitingToTell = false
  let offStore: (() => void) | undefined

  const thread: ReadingThread = {
    state: emptyThread,
    reading: new Set(),
    left: signal,
    now: () => clock.now(),
    record,
    forget: (turnId) => client.forgetUnsent(conversation, turnId),
    tell,
    tellSoon() {
      if (!isWaitingToTell) clock.setTimeout(() => isWaitingToTell && tell(), frameMs)
      isWaitingToTell = true
    },
    sync: () => void sync(),
  }

  function tell(): void {
    isWaitingToTell = false
    view = viewOf(thread.state)
    for (const listener of [...listeners]) listener()
  }

  /** Whether there is a turn to follow. */
  function follow(): Promise<boolean> {
    return new Promise((resolve) => {
      void readIntoThread(thread, client.follow(conversation, { signal }), undefined, resolve).then(rest)
    })
  }

  /** Sends, or sends again. */
  function start(turn: ThreadTurn, options: { readonly fresh?: boolean | undefined; readonly at?: number }): void {
    thread.state = withTurn(thread.state, turn)
    const { turnId, messageId, message } = turn
    const { fresh = false, at = clock.now() } = options
    const sent = { turnId, messageId, message, at, ...(fresh && { fresh }) }
    void readIntoThread(thread, client.send(conversation, sent, { signal }), turnId, () => {}).then(rest)
    tell()
  }

  async function loadMessages(): Promise<void> {
    const messages = await loadIntoThread(thread, (limit) => load({ ...conversation, signal: limit }), clock)
    if (signal.aborted) return
    failedLoads = messages ? 0 : failedLoads + 1
    cancelLoad()
    if (messages) recordLoaded(messages)
    // It may have had the end of what is on screen.
    else if (thread.state.loaded) {
      cancelLoad = clock.setTimeout(() => openCount > 0 && void sync(), backoffMs(failedLoads))
    }
    tell()
  }

  /**
   * What runs is asked for first, and what is stored is loaded after that: an answer that ends in between is in one of both, and
   * one that is in both has one id.
   */
  async function sync(): Promise<void> {
    isToSyncAgain = true
    if (isSyncing) return
    isSyncing = true
    while (isToSyncAgain && !signal.aborted) {
      isToSyncAgain = false
      const heard = running(thread.state).length > 0 ? Promise.resolve(true) : follow()
      const isKnown = await Promise.race([heard.then(() => true), pause(clock, followMs)])
      await loadMessages()
      if (!isKnown) {
        await heard
        if (!signal.aborted) await loadMessages()
      }
      await askOnceMore()
    }
    isSyncing = false
    rest()
  }

  /** A question without an answer: its turn began since it was asked for, or nobody answers any more. */
  async function askOnceMore(): Promise<void> {
    const open = signal.aborted ? undefined : unanswered(thread.state)
    if (!open || (!open.isBrokenOff && (await follow()))) return
    if (signal.aborted || unanswered(thread.state)?.messageId !== open.messageId) return
    thread.state = withNotice(thread.state, open.messageId, 'turn-interrupted', open.text, { canRetry: true })
    tell()
  }

  /** Once nobody looks and nothing runs, the store is left alone. */
  function rest(): void {
    if (openCount > 0 || running(thread.state).length > 0 || isSyncing) return
    offStore?.()
    offStore = undefined
    threads.delete(shared)
  }

  function listen(): void {
    const offEvents = store.on((event) => {
      if (event.type === 'signed-out' && event.userId === userId) end()
      if (event.type === 'conversation-changed' && event.conversationId === conversationId && openCount > 0) void sync()
    })
    const offState = store.subscribe((state) => {
      if (state.userId !== userId) end()
    })
    offStore = () => {
      offEvents()
      offState()
    }
  }

  /** Nothing of the user stays, and nothing is followed on. */
  function end(): void {
    left.abort()
    thread.state = emptyThread
    offStore?.()
    threads.delete(shared)
    tell()
  }

  function begin(): void {
    isScheduled = false
    if (openCount === 0 || signal.aborted) return
    for (const { turnId, messageId, message, at, fresh } of client.unsent(conversation)) {
      if (thread.state.turns.some((turn) => turn.turnId === turnId)) continue
      const turn = newTurn({ turnId, messageId, message, at })
      if (clock.now() - at < patienceMs) start(turn, { at, fresh })
      else {
        thread.state = withTurn(thread.state, { ...turn, end: 'failed' })
        const text = 'This message was not sent. Send it again.'
        thread.state = withNotice(thread.state, messageId, 'not-sent', text, { canRetry: true })
      }
    }
    void sync()
  }

  const shared = {
    client,
    conversation,
    isOpen: () => openCount > 0,
    /** Stops reading. */
    leave: end,
    getView: () => view,
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    /** Somebody looks, until the returned function is called. A turn that runs is read to its end all the same. */
    open(newLoad: LoadMessages): () => void {
      load = newLoad
      openCount++
      if (!signal.aborted) threads.add(shared)
      if (!offStore && !signal.aborted) listen()
      // Later in this task: Strict Mode opens, closes and opens again.
      if (!isScheduled) queueMicrotask(begin)
      isScheduled = true
      return () => {
        openCount--
        rest()
        threads.limit()
      }
    },

    send(message: unknown, { fresh }: { readonly fresh?: boolean } = {}): void {
      if (signal.aborted) return
      thread.state = { ...thread.state, notices: thread.state.notices.filter(({ canRetry }) => !canRetry) }
      const turnId = createId()
      start(newTurn({ turnId, messageId: turnId, message, at: clock.now() }), { fresh })
    },

    stop(): void {
      for (const turn of running(thread.state)) {
        thread.state = withTurn(thread.state, { ...turn, isStopping: true })
        client.stop(conversation, turn.turnId).catch(() => {
          const still = running(thread.state).find(({ turnId }) => turnId === turn.turnId)
          if (still) thread.state = withTurn(thread.state, { ...still, isStopping: false })
          tell()
        })
      }
      tell()
    },

    /** Sends a question again: the one named, else the last. Where messages could not be loaded, it loads them. */
    retry(id?: string, { fresh }: { readonly fresh?: boolean } = {}): void {
      if (signal.aborted) return
      const { turns, notices, hasLoadFailed } = thread.state
      if (id === undefined && hasLoadFailed) {
        thread.state = { ...thread.state, hasLoadFailed: false }
        tell()
        void sync()
        return
      }
      const wanted = notices.find((notice) => notice.id === id)?.messageId ?? id
      const question = view.messages.findLast((one) => one.role === 'user' && (wanted ?? one.id) === one.id)
      if (!question || running(thread.state).some(({ messageId }) => messageId === question.id)) return
      const before = turns.findLast(({ messageId }) => messageId === question.id)
      // What the server may have goes under the same id, so that it runs once.
      const turnId = before && !before.isHeard ? before.turnId : createId()
      const { id: messageId, at = clock.now() } = question
      thread.state = { ...thread.state, notices: notices.filter((notice) => notice.messageId !== messageId) }
      start(newTurn({ turnId, messageId, message: before?.message ?? question.text, at }), { fresh })
    },
  }
  return shared
}

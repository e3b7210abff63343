import { type Clock, systemClock } from '../core/clock.js'
import { createId } from '../core/create-id.js'
import { isLeftoffError, LeftoffError } from '../core/error.js'
import { turnErrorSentence } from '../core/turn-error.js'
import type { SessionStore } from '../store/session-store.js'
import { sleep, withTimeout } from '../store/time.js'
import type { TurnClient, TurnClientEvent, TurnConversation } from '../turns/turn-client.js'
import {
  answerId,
  hasAnswer,
  joinMessages,
  type LoadedMessage,
  newTurn,
  nextTurn,
  type ThreadMessage,
  type ThreadTurn,
  textOf,
} from './thread-state.js'

/** Something the person should know. */
export interface ThreadNotice {
  readonly id: string
  /** The question it is about. */
  readonly messageId: string
  /** Of an error, or `context-lost`: the agent no longer knows the earlier messages; `not-kept`: the answer could not be stored. */
  readonly code: string
  readonly text: string
  /** `retry(id)` sends the question again. */
  readonly canRetry: boolean
  /** `retry(id, { fresh: true })` has the agent forget the conversation first, and may help. */
  readonly canStartFresh: boolean
}

/** What a thread shows. */
export interface ThreadView {
  readonly messages: readonly ThreadMessage[]
  readonly status: 'loading' | 'ready' | 'sending' | 'answering' | 'stopping' | 'load-failed'
  readonly notices: readonly ThreadNotice[]
}

/** Loads the messages that the app stores of a conversation, oldest first. */
export type LoadMessages = (
  conversation: TurnConversation & { readonly signal: AbortSignal },
) => Promise<readonly LoadedMessage[]>

export const emptyView: ThreadView = { messages: [], status: 'loading', notices: [] }

/** How long the messages wait for what is known of a running turn. */
const followMs = 3_000
const loadMs = 15_000
/** A text that grows is shown once per frame. */
const frameMs = 16
const resendMs = 60_000

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
  const recorded = new Set<string>()
  let view = emptyView
  let load: LoadMessages = async () => []
  let openCount = 0
  let isScheduled = false
  let isSyncing = false
  let isToSyncAgain = false
  let isWaitingToTell = false
  let offStore: (() => void) | undefined
  let loads = 0
  let loaded: { readonly messages: readonly LoadedMessage[]; readonly loads: number } | undefined
  let hasLoadFailed = false
  let turns: readonly ThreadTurn[] = []
  let notices: readonly ThreadNotice[] = []

  const running = () => turns.filter(({ end }) => !end)

  function tell(): void {
    isWaitingToTell = false
    const now = running()
    const doing = now.some(({ isStopping }) => isStopping)
      ? 'stopping'
      : now.some(({ isHeard }) => isHeard)
        ? 'answering'
        : now.length > 0
          ? 'sending'
          : undefined
    const isThere = loaded !== undefined || hasLoadFailed
    view = {
      messages: isThere ? joinMessages(loaded?.messages ?? [], loaded?.loads ?? 0, turns) : [],
      status: isThere ? (doing ?? (loaded ? 'ready' : 'load-failed')) : 'loading',
      notices,
    }
    for (const listener of [...listeners]) listener()
  }

  function tellSoon(): void {
    if (isWaitingToTell) return
    isWaitingToTell = true
    clock.setTimeout(() => isWaitingToTell && tell(), frameMs)
  }

  function put(turn: ThreadTurn): void {
    const isKnown = turns.some(({ turnId }) => turnId === turn.turnId)
    turns = isKnown ? turns.map((one) => (one.turnId === turn.turnId ? turn : one)) : [...turns, turn]
  }

  function notice(messageId: string, code: string, text: string, can: Partial<ThreadNotice> = {}): void {
    const id = can.canRetry ? messageId : `${messageId} ${code}`
    const own = { id, messageId, code, text, canRetry: false, canStartFresh: false, ...can }
    notices = [...notices.filter((one) => one.id !== id), own]
  }

  /** Counts a message under its id. The user may be gone. */
  function record(message: Pick<LoadedMessage, 'id' | 'role' | 'text' | 'at'>, usage?: object): void {
    recorded.add(message.id)
    const { id: messageId, role, text, at } = message
    try {
      store.recordMessage({ conversationId, messageId, role, text, ...usage, ...(at !== undefined && { at }) })
    } catch (error) {
      if (!isLeftoffError(error)) throw error
    }
  }

  /** Reads a turn to its end. `onFirst` hears whether there is one. */
  async function read(
    events: AsyncIterable<TurnClientEvent>,
    sent: ThreadTurn | undefined,
    onFirst: (isThere: boolean) => void,
  ): Promise<void> {
    let turnId = sent?.turnId
    let isToLoad = false
    const turn = () => turns.find((one) => one.turnId === turnId)
    const end = (how: NonNullable<ThreadTurn['end']>, usage?: object): void => {
      const ended = turn()
      if (!ended || left.signal.aborted) return
      put({ ...ended, end: how, isStopping: false, loadsAtEnd: loads })
      const { messageId, text } = ended
      if (hasAnswer(ended)) record({ id: answerId(messageId), role: 'assistant', text }, usage)
    }
    try {
      for await (const event of events) {
        if (left.signal.aborted) return
        if (event.type === 'turn') {
          turnId = event.turnId
          const { messageId, message } = event
          put(nextTurn(turn() ?? newTurn({ turnId, messageId, message, at: clock.now() }), event))
          record({ id: messageId, role: 'user', text: textOf(message) })
          if (hasLoadFailed) isToLoad = true
        }
        onFirst(true)
        const before = turn()
        if (!before) continue
        if (event.type === 'missed') isToLoad = true
        else if (event.type === 'recovered' && event.contextLost) {
          notice(
            before.messageId,
            'context-lost',
            'The agent no longer knows the earlier messages of this conversation.',
          )
        } else if (event.type === 'stopped') end('stopped')
        else if (event.type === 'done') {
          end('done', event.usage && { usage: event.usage })
          if (!event.kept) {
            notice(before.messageId, 'not-kept', 'This answer could not be stored. It is gone once you leave the page.')
          }
        } else if (event.type !== 'turn') put(nextTurn(before, event))
        if (event.type === 'text' || event.type === 'data') tellSoon()
        else tell()
      }
      // The client ends without a word only when it is left.
      if (turn() && !turn()?.end) end('interrupted')
    } catch (error) {
      const failed = turn()
      const { code, message, canStartFresh } = isLeftoffError(error)
        ? error
        : new LeftoffError('turn-failed', turnErrorSentence('turn-failed'))
      isToLoad ||= !failed || failed.isHeard || code === 'turn-busy'
      end(code === 'turn-interrupted' || code === 'unreachable' ? 'interrupted' : 'failed')
      if (failed && !left.signal.aborted) {
        notice(failed.messageId, code, message, { canRetry: true, canStartFresh: canStartFresh === true })
      }
      // A follower whose turn has no name had nothing to show.
      if (!failed) isToLoad = false
    }
    onFirst(false)
    if (left.signal.aborted) return
    tell()
    if (isToLoad) void sync()
    rest()
  }

  function follow(): Promise<boolean> {
    return new Promise((resolve) => {
      void read(client.follow(conversation, { signal: left.signal }), undefined, resolve)
    })
  }

  /** Sends, or sends again, and hears whether the server has it. */
  function start(turn: ThreadTurn, options: { readonly fresh?: boolean; readonly at?: number } = {}): Promise<boolean> {
    put(turn)
    const { turnId, messageId, message } = turn
    return new Promise((resolve) => {
      const events = client.send(conversation, { turnId, messageId, message, ...options }, { signal: left.signal })
      void read(events, turn, resolve)
      tell()
    })
  }

  async function loadMessages(): Promise<void> {
    const own = ++loads
    const limit = new AbortController()
    const stop = () => limit.abort()
    left.signal.addEventListener('abort', stop)
    try {
      const found = load({ ...conversation, signal: limit.signal })
      const messages = await withTimeout(found, loadMs, clock, 'Loading the messages')
      if (left.signal.aborted || (loaded?.loads ?? 0) > own) return
      loaded = { messages, loads: own }
      hasLoadFailed = false
      const has = (id: string) => messages.some((message) => message.id === id)
      turns = turns.filter((turn) => !(turn.end && turn.loadsAtEnd < own && has(answerId(turn.messageId))))
      recordLoaded(messages)
    } catch {
      hasLoadFailed = !loaded
    } finally {
      limit.abort()
      left.signal.removeEventListener('abort', stop)
      if (!left.signal.aborted) tell()
    }
  }

  /** Of what was said while no page of the person's looked, the end is counted now; a row that has as many knows it. */
  function recordLoaded(messages: readonly LoadedMessage[]): void {
    const session = store.getState().sessions.find((one) => one.conversationId === conversationId)
    if (session?.messageCount === messages.length) return
    for (const { id, role, text, at = 0 } of messages.slice(-2)) {
      if (!recorded.has(id)) record({ id, role, text, at })
    }
  }

  /**
   * What runs is asked for first, and what is stored is loaded after that: an answer that ends in between is in one of both, and
   * one that is in both has one id.
   */
  async function sync(): Promise<void> {
    isToSyncAgain = true
    if (isSyncing) return
    isSyncing = true
    while (isToSyncAgain && !left.signal.aborted) {
      isToSyncAgain = false
      const heard = running().length > 0 ? Promise.resolve(true) : follow()
      const isKnown = await Promise.race([heard.then(() => true), sleep(clock, followMs)])
      await loadMessages()
      if (!isKnown) {
        await heard
        if (!left.signal.aborted) await loadMessages()
      }
      await askOnceMore()
    }
    isSyncing = false
    rest()
  }

  /** A question without an answer: its turn began since it was asked for, or nobody answers any more. */
  async function askOnceMore(): Promise<void> {
    const last = loaded?.messages.at(-1)
    const isOpen = () =>
      !left.signal.aborted &&
      last?.role === 'user' &&
      running().length === 0 &&
      !turns.some(({ messageId, end }) => messageId === last.id && end) &&
      !notices.some(({ messageId }) => messageId === last.id)
    if (!last || !isOpen() || (await follow()) || !isOpen()) return
    notice(last.id, 'turn-interrupted', 'This message has no answer. Send it again.', { canRetry: true })
    tell()
  }

  /** Nobody looks and nothing runs: what is left may be forgotten. */
  function rest(): void {
    if (openCount > 0 || running().length > 0 || isSyncing) return
    offStore?.()
    offStore = undefined
  }

  function end(): void {
    left.abort()
    turns = []
    notices = []
    loaded = undefined
    hasLoadFailed = false
    openCount = 0
    offStore?.()
    tell()
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

  function begin(): void {
    isScheduled = false
    if (openCount === 0 || left.signal.aborted) return
    for (const { turnId, messageId = turnId, message, at, fresh } of client.unsent(conversation)) {
      if (turns.some((turn) => turn.turnId === turnId)) continue
      const turn = newTurn({ turnId, messageId, message, at })
      if (clock.now() - at < resendMs) void start(turn, { at, ...(fresh && { fresh }) })
      else put({ ...turn, end: 'failed' })
    }
    void sync()
  }

  return {
    getView: () => view,
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    /** Somebody looks, until the returned function is called. A turn that runs is read to its end all the same. */
    open(newLoad: LoadMessages): () => void {
      load = newLoad
      openCount++
      if (!offStore && !left.signal.aborted) listen()
      // Later in this task: Strict Mode opens, closes and opens again.
      if (!isScheduled) queueMicrotask(begin)
      isScheduled = true
      return () => {
        openCount = Math.max(0, openCount - 1)
        rest()
      }
    },

    send(message: unknown, { fresh }: { readonly fresh?: boolean } = {}): void {
      if (left.signal.aborted) return
      notices = notices.filter(({ canRetry }) => !canRetry)
      const turnId = createId()
      void start(newTurn({ turnId, messageId: turnId, message, at: clock.now() }), { ...(fresh && { fresh }) })
    },

    stop(): void {
      for (const turn of running()) {
        put({ ...turn, isStopping: true })
        client.stop(conversation, turn.turnId).catch(() => {
          const still = turns.find(({ turnId }) => turnId === turn.turnId)
          if (still && !still.end) put({ ...still, isStopping: false })
          tell()
        })
      }
      tell()
    },

    /** Sends a question again: the one named, the last one, or, where messages could not be loaded, loads them. */
    retry(id?: string, { fresh }: { readonly fresh?: boolean } = {}): void {
      if (left.signal.aborted) return
      if (id === undefined && !loaded && running().length === 0) {
        hasLoadFailed = false
        tell()
        void sync()
      }
      const question = view.messages.findLast((one) => one.role === 'user' && (id === undefined || one.id === id))
      if (!question || running().some(({ messageId }) => messageId === question.id)) return
      const before = turns.findLast(({ messageId }) => messageId === question.id)
      const message = before?.message ?? question.text
      // What the server may have goes under the same id, so that it runs once.
      const turnId = before && !before.isHeard ? before.turnId : createId()
      notices = notices.filter(({ messageId }) => messageId !== question.id)
      const { at = clock.now() } = question
      void start(newTurn({ turnId, messageId: question.id, message, at }), { ...(fresh && { fresh }) })
    },
  }
}

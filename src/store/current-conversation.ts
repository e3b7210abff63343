import type { SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import type { SessionEvent } from '../core/session-event.js'
import { bounded } from './bounded.js'
import type { Claimable } from './claims.js'
import { isListed, isUsed } from './conversation-record.js'
import type { History } from './history.js'
import { type Holdings, type Loan, ownWaitMs } from './holdings.js'
import type { LeftStamps } from './left-stamps.js'
import type { OlderCode } from './older-code.js'
import { type Opened, openConversation } from './open-conversation.js'
import type { Pointers } from './pointers.js'
import type { SwitchResult } from './session-store.js'

/** What {@link createCurrentConversation} works with, and whom it tells. */
export interface CurrentConversationOptions {
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly history: History
  readonly holdings: Holdings
  readonly older: OlderCode
  readonly pointers: Pointers
  readonly left: LeftStamps
  readonly clock: Clock
  readonly createId: () => string
  readonly resume: 'latest' | 'new'
  readonly capacity: number
  readonly openTimeoutMs: number
  readonly isHidden: () => boolean
  readonly emit: (event: SessionEvent) => void
  /** Something to show has changed. */
  readonly onChange: () => void
  /** Another conversation is current now. */
  readonly onCurrent: () => void
  readonly isDisposed: () => boolean
}

/** Which conversation this tab has: resumed, new, or switched to. The last wish of the app wins over those before it. */
export function createCurrentConversation(options: CurrentConversationOptions) {
  const { adapter, userId, history, holdings, older, pointers, left, clock, createId, resume, capacity } = options
  const { openTimeoutMs, isHidden, emit, onChange, onCurrent, isDisposed } = options
  let current: Current | undefined
  let opening: Opening | undefined
  /** Whether the tab has its conversation alone: `asking` after it came back from the back/forward cache. */
  let hold: 'held' | 'asking' | 'lost' = 'held'
  /** The conversations that this page began: another may have them open, but nobody else began them. */
  const begun = new Set<string>()
  /** Counts what the app asked for: only the last wish is fulfilled. */
  let wishes = 0
  let isHistoryRead = false
  /** Before anything is resumed, what earlier pages left to save. */
  let restored: Promise<readonly LeftoffError[]> | undefined

  function mint(workspace: string, conversationId = createId()): ConversationSession {
    const now = clock.now()
    return { conversationId, workspace, userId, startedAt: now, lastActivity: now, messageCount: 0, revision: 0 }
  }

  function makeCurrent({ workspace, conversationId }: ConversationSession, isResumed: boolean): void {
    const mine = { workspace, conversationId, isResumed }
    const wasHeldBack = hold !== 'held'
    current = mine
    hold = 'held'
    opening = undefined
    wishes++
    void holdings.keep(mine).then((isHeld) => {
      if (!isHeld && current === mine) lose()
    })
    onCurrent()
    if (wasHeldBack) void history.flush()
  }

  /** Another live tab has this tab's conversation. */
  function lose(): void {
    // A page that has gone away holds nothing; it asks again when it comes back.
    if (!current || isDisposed() || holdings.isSuspended()) return
    const { conversationId } = current
    if (isHidden()) {
      replace()
      emit({ type: 'moved', conversationId: current.conversationId, from: conversationId, reason: 'open-elsewhere' })
      return
    }
    hold = 'lost'
    onChange()
    emit({ type: 'conversation-lost', conversationId, reason: 'open-elsewhere' })
  }

  /** Takes the conversation again, and reads it again: whatever held it before is not trusted. */
  async function retake(): Promise<void> {
    const mine = current
    if (!mine) return
    hold = 'asking'
    onChange()
    const isHeld = await holdings.keep(mine, ownWaitMs)
    if (current === mine && isHeld) await history.reread(mine.conversationId)
    if (current !== mine || isDisposed()) return
    if (!isHeld) return lose()
    hold = 'held'
    onChange()
    void history.flush()
  }

  function open(workspace: string, asked: string | undefined): Promise<string> {
    if (opening?.workspace === workspace && (asked ?? opening.asked) === opening.asked) return opening.result
    const isHere = current?.workspace === workspace && (asked ?? current.conversationId) === current.conversationId
    if (current && isHere && (asked === undefined || hold !== 'lost')) {
      opening = undefined
      onChange()
      return Promise.resolve(current.conversationId)
    }
    wishes++
    const run: Opening = { workspace, asked, result: Promise.resolve('') }
    opening = run
    const loan = holdings.lend()
    const choosing = choose(workspace, asked, loan)
    run.result = runOpening(run, choosing, loan)
    void Promise.allSettled([choosing, run.result]).then(loan.end)
    onChange()
    return run.result
  }

  async function runOpening(run: Opening, choosing: Promise<Opened>, loan: Loan): Promise<string> {
    const { workspace, asked } = run
    const opened = await bounded(choosing, openTimeoutMs, clock, adapter.name).catch((cause: unknown) => {
      history.readFailed(cause)
      return chooseInMemory(workspace, asked, loan)
    })
    const { row, isUnsaved, isResumed, moved } = opened
    if (isDisposed()) return row.conversationId
    // It was read once more after it was listed.
    if (row.revision > 0) history.adopt(row)
    if (opening !== run) {
      // The app wished something else meanwhile: this is only where the tab can come back to, unless it has been here since.
      const here =
        current?.workspace === workspace ? current.conversationId : pointers.read(userId, workspace)?.row.conversationId
      if (here !== undefined && here !== row.conversationId) return here
      history.add(row, isUnsaved ? {} : undefined)
      pointers.write({ row, isAcknowledged: row.revision > 0 })
      if (current?.conversationId !== row.conversationId) void holdings.keep(row)
      return row.conversationId
    }
    history.add(row, isUnsaved ? {} : undefined)
    makeCurrent(row, isResumed)
    if (moved) emit({ type: 'moved', conversationId: row.conversationId, ...moved })
    refreshSoon()
    return row.conversationId
  }

  async function choose(workspace: string, conversationId: string | undefined, loan: Loan): Promise<Opened> {
    restored ??= history.restore((id) => pointers.read(userId, workspace)?.row.conversationId === id)
    const unreadable = await restored
    restored = Promise.resolve([]) // told once
    const { current: earlier, errors } = await older.importAll(adapter, userId, clock.now())
    if (!isDisposed()) for (const error of [...unreadable, ...errors]) emit({ type: 'row-set-aside', error })
    if (earlier && !pointers.read(userId, earlier.workspace)) {
      pointers.write({ row: mint(earlier.workspace, earlier.conversationId), isAcknowledged: true })
    }
    return openConversation({
      adapter,
      userId,
      workspace,
      conversationId,
      pointer: pointers.read(userId, workspace),
      resume,
      capacity,
      clock,
      left,
      claim: (id, { isOwn }) => loan.take({ workspace, conversationId: id }, isOwn ? ownWaitMs : 0),
      giveBack: loan.giveBack,
      mint: (id) => mint(workspace, id),
      onListed(ring) {
        if (isDisposed()) return
        for (const row of ring) history.adopt(row)
        onChange()
      },
    })
  }

  /** The storage failed or is too slow: what this tab had, or a new conversation, in memory. */
  async function chooseInMemory(workspace: string, asked: string | undefined, loan: Loan): Promise<Opened> {
    const pointer = asked === undefined ? pointers.read(userId, workspace) : undefined
    const own = pointer?.row ?? mint(workspace, asked)
    if (!(await loan.take(own, ownWaitMs))) {
      const fresh = { row: mint(workspace), isUnsaved: false, isResumed: false }
      return asked === undefined ? fresh : { ...fresh, moved: { from: asked, reason: 'open-elsewhere' } }
    }
    const isUnsaved = pointer !== undefined && !pointer.isAcknowledged && isUsed(own)
    return { row: own, isUnsaved, isResumed: isUsed(own) }
  }

  function begin(workspace: string): string {
    const before = current
    const row = mint(workspace)
    begun.add(row.conversationId)
    history.add(row, {})
    makeCurrent(row, false)
    // In a page that opened nothing the history has not been read.
    if (!isHistoryRead) refreshSoon()
    if (before?.workspace === workspace) void leaveUnused(before.conversationId)
    return row.conversationId
  }

  /** Forgets a conversation that the tab leaves without anyone having used it. */
  async function leaveUnused(conversationId: string): Promise<void> {
    const record = history.records.get(conversationId)
    if (!record || isUsed(record.view)) return
    if (!isListed(record)) return history.forget(conversationId)
    if (!begun.has(conversationId)) return // another tab may be about to say its first word in it
    // Another tab or device may have used it since it was read here.
    const stored =
      record.row.revision > 0 ? await adapter.get(userId, conversationId).catch(history.readFailed) : undefined
    if (isDisposed() || stored === 'failed' || (stored && isUsed(stored))) return
    const now = history.records.get(conversationId)
    if (now && !isUsed(now.view)) void history.remove(conversationId)
  }

  async function switchTo(conversationId: string): Promise<SwitchResult> {
    if (conversationId === current?.conversationId) return { ok: true }
    const wish = ++wishes
    const known =
      history.records.get(conversationId)?.view ?? (await history.load(conversationId).catch(history.readFailed))
    if (!known || known === 'failed') return { ok: false, reason: 'not-found' }
    const loan = holdings.lend()
    try {
      if (!(await loan.take(known, 0))) return { ok: false, reason: 'open-elsewhere' }
      // Another tab may have gone on in it, or removed it, until just now.
      const found = await history.load(conversationId).catch(history.readFailed)
      if (!found) return { ok: false, reason: 'not-found' }
      // Unless the app wished something else while this was read.
      if (wish === wishes && !isDisposed()) makeCurrent(known, true)
      return { ok: true }
    } finally {
      loan.end()
    }
  }

  /** The newest over all workspaces, after what was opened or begun is shown. */
  function refreshSoon(): void {
    isHistoryRead = true
    if (!history.trouble()) clock.setTimeout(() => void refresh(), 0)
  }

  function refresh(): Promise<void> {
    return history.refresh(current && { workspace: current.workspace, limit: capacity })
  }

  /** The current conversation is gone: the tab goes on with a new one, of which nothing is stored until it is used. */
  function replace(): void {
    if (!current) return
    const row = mint(current.workspace)
    history.add(row)
    makeCurrent(row, false)
  }

  return {
    get: () => current,
    isOpening: () => opening !== undefined || hold === 'asking',
    isLost: () => hold === 'lost',
    /** Whether it must not be saved for now: another tab has it, or may have. */
    isHeldBack: (conversationId: string) => hold !== 'held' && conversationId === current?.conversationId,
    open,
    /** Begins a new conversation, current at once; removes the one it leaves if that was never used. */
    begin,
    switchTo,
    retake,
    /** Reads the history again, the current workspace's ring included. */
    refresh,
    replace,

    /** Keeps the pointer at the current conversation, with a copy of its row until that was acknowledged as saved. */
    keepPointer(): void {
      const record = current && history.records.get(current.conversationId)
      if (!record) return
      const { row, view } = record
      const known = pointers.read(userId, row.workspace)
      const isAcknowledged = row.revision > 0
      if (known?.row.conversationId === row.conversationId && known.isAcknowledged && isAcknowledged) return
      if (known?.row !== view || known.isAcknowledged !== isAcknowledged) pointers.write({ row: view, isAcknowledged })
    },
  }
}

type Current = Claimable & { readonly isResumed: boolean }

/** A run that decides which conversation becomes current, unless the app wishes something else meanwhile. */
interface Opening {
  readonly workspace: string
  /** The conversation the app asked for, if it did. */
  readonly asked: string | undefined
  result: Promise<string>
}

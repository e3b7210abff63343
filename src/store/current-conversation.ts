import type { SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import type { SessionEvent } from '../core/session-event.js'
import { bounded } from './bounded.js'
import { isListed, isUsed } from './conversation-record.js'
import type { History } from './history.js'
import type { OlderCode } from './older-code.js'
import { type Opened, openConversation } from './open-conversation.js'
import type { Pointers } from './pointers.js'
import type { SwitchResult } from './session-store.js'

/** What {@link createCurrentConversation} works with, and whom it tells. */
export interface CurrentConversationOptions {
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly history: History
  readonly older: OlderCode
  readonly pointers: Pointers
  readonly clock: Clock
  readonly createId: () => string
  readonly resume: 'latest' | 'new'
  readonly capacity: number
  readonly openTimeoutMs: number
  readonly emit: (event: SessionEvent) => void
  /** An opening began or ended. */
  readonly onChange: () => void
  /** Another conversation is current now. */
  readonly onCurrent: () => void
  readonly isDisposed: () => boolean
}

/** Which conversation this tab has: resumed, new, or switched to. The last wish of the app wins over those before it. */
export function createCurrentConversation(options: CurrentConversationOptions) {
  const { adapter, userId, history, older, pointers, clock, createId, resume, capacity, openTimeoutMs } = options
  const { emit, onChange, onCurrent, isDisposed } = options
  let current: { readonly workspace: string; readonly conversationId: string; readonly isResumed: boolean } | undefined
  let opening: Opening | undefined
  /** The conversations that this page began: another may have them open, but nobody else began them. */
  const begun = new Set<string>()
  /** Counts what the app asked for: only the last wish is fulfilled. */
  let wishes = 0
  /** Before anything is resumed, what earlier pages left to save. */
  let restored: Promise<readonly LeftoffError[]> | undefined

  function mint(workspace: string, conversationId = createId()): ConversationSession {
    const now = clock.now()
    return { conversationId, workspace, userId, startedAt: now, lastActivity: now, messageCount: 0, revision: 0 }
  }

  function makeCurrent({ workspace, conversationId }: ConversationSession, isResumed: boolean): void {
    current = { workspace, conversationId, isResumed }
    opening = undefined
    wishes++
    onCurrent()
  }

  function open(workspace: string, asked: string | undefined): Promise<string> {
    if (opening?.workspace === workspace && (asked ?? opening.asked) === opening.asked) return opening.result
    if (current?.workspace === workspace && (asked ?? current.conversationId) === current.conversationId) {
      opening = undefined
      onChange()
      return Promise.resolve(current.conversationId)
    }
    wishes++
    const run: Opening = { workspace, asked, result: Promise.resolve('') }
    opening = run
    run.result = runOpening(run)
    onChange()
    return run.result
  }

  async function runOpening(run: Opening): Promise<string> {
    const { workspace, asked } = run
    const opened = await bounded(choose(workspace, asked), openTimeoutMs, clock, adapter.name).catch(
      (cause: unknown) => {
        history.readFailed(cause)
        return chooseInMemory(workspace, asked)
      },
    )
    const { row, ring, isUnsaved, isResumed, moved } = opened
    if (isDisposed()) return row.conversationId
    for (const stored of ring) history.adopt(stored)
    if (opening !== run) {
      // The app wished something else meanwhile: this is only where the tab can come back to, unless it has been here since.
      const here =
        current?.workspace === workspace ? current.conversationId : pointers.read(userId, workspace)?.row.conversationId
      if (here !== undefined && here !== row.conversationId) return here
      history.add(row, isUnsaved ? {} : undefined)
      pointers.write({ row, isAcknowledged: row.revision > 0 })
      return row.conversationId
    }
    history.add(row, isUnsaved ? {} : undefined)
    makeCurrent(row, isResumed)
    if (moved) emit({ type: 'moved', conversationId: row.conversationId, ...moved })
    // What follows is not waited for: the newest over all workspaces.
    if (!history.trouble()) void refresh()
    return row.conversationId
  }

  async function choose(workspace: string, conversationId: string | undefined): Promise<Opened> {
    restored ??= history.restore()
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
      mint: (id) => mint(workspace, id),
    })
  }

  /** The storage failed or is too slow: what this tab had, or a new conversation, in memory. */
  function chooseInMemory(workspace: string, conversationId: string | undefined): Opened {
    const pointer = conversationId === undefined ? pointers.read(userId, workspace) : undefined
    const row = pointer?.row ?? mint(workspace, conversationId)
    const isUnsaved = pointer !== undefined && !pointer.isAcknowledged && isUsed(row)
    return { row, isUnsaved, isResumed: isUsed(row), ring: [] }
  }

  function begin(workspace: string): string {
    const left = current
    const row = mint(workspace)
    begun.add(row.conversationId)
    history.add(row, {})
    makeCurrent(row, false)
    if (left?.workspace === workspace) void leaveUnused(left.conversationId)
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
    const wish = ++wishes
    const known =
      history.records.get(conversationId)?.view ?? (await history.load(conversationId).catch(history.readFailed))
    if (!known || known === 'failed') return { ok: false, reason: 'not-found' }
    // Unless the app wished something else while this was read.
    if (wish === wishes && conversationId !== current?.conversationId) makeCurrent(known, true)
    return { ok: true }
  }

  function refresh(): Promise<void> {
    return history.refresh(current && { workspace: current.workspace, limit: capacity })
  }

  return {
    get: () => current,
    isOpening: () => opening !== undefined,
    open,
    /** Begins a new conversation, current at once; removes the one it leaves if that was never used. */
    begin,
    switchTo,
    /** Reads the history again, the current workspace's ring included. */
    refresh,

    /** The current conversation is gone: the tab goes on with a new one, of which nothing is stored until it is used. */
    replace(): void {
      if (!current) return
      const row = mint(current.workspace)
      history.add(row)
      makeCurrent(row, false)
    },

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

/** A run that decides which conversation becomes current, unless the app wishes something else meanwhile. */
interface Opening {
  readonly workspace: string
  /** The conversation the app asked for, if it did. */
  readonly asked: string | undefined
  result: Promise<string>
}

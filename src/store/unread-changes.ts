import type { ConversationSession } from '../core/session.js'
import { mergeUnsaved, type Unsaved } from '../core/unsaved.js'

/** What {@link createUnreadChanges} reads with, and whom it tells. */
export interface UnreadChangesOptions {
  readonly read: (conversationId: string) => Promise<ConversationSession | undefined | 'failed'>
  /** The conversation is known now: what was recorded about it can be. */
  readonly onFound: (conversationId: string, change: Unsaved) => void
  readonly onNotFound: (conversationId: string) => void
}

/** What was recorded about conversations that must first be read, such as by an answer that comes after a reload. */
export function createUnreadChanges({ read, onFound, onNotFound }: UnreadChangesOptions) {
  const changes = new Map<string, Unsaved>()
  const reading = new Map<string, Promise<void>>()
  let isStopped = false

  async function find(conversationId: string): Promise<void> {
    const row = await read(conversationId)
    reading.delete(conversationId)
    const change = changes.get(conversationId)
    if (isStopped || !change || row === 'failed') return
    changes.delete(conversationId)
    if (row) onFound(conversationId, change)
    else onNotFound(conversationId)
  }

  return {
    add(conversationId: string, change: Unsaved): void {
      changes.set(conversationId, mergeUnsaved(changes.get(conversationId) ?? {}, change))
      if (!reading.has(conversationId)) reading.set(conversationId, find(conversationId))
    },
    drop: (conversationId: string) => changes.delete(conversationId),
    count: () => changes.size,
    isReading: () => reading.size > 0,
    /** Resolves once those that are being read have been. */
    settled: () => Promise.all(reading.values()),
    /** Storage can be read again. */
    retry(): void {
      for (const id of changes.keys()) reading.set(id, find(id))
    },
    dispose(): void {
      isStopped = true
    },
  }
}

import { isLeftoffError } from '../core/error.js'
import type { TokenUsage } from '../core/session.js'
import type { SessionStore } from '../store/session-store.js'
import type { LoadedMessage } from './thread-state.js'

/** What is recorded beside a message. */
export interface RecordedMore {
  readonly usage?: TokenUsage
  readonly at?: number
}

/** A row remembers the ids of at least as many messages: recording those again changes nothing. */
const remembered = 8

/** Counts the messages of a conversation, each under its id. */
export function threadRecording(store: SessionStore, conversationId: string) {
  const recorded = new Set<string>()

  /** The user may be gone. */
  function record({ id, role, text }: Pick<LoadedMessage, 'id' | 'role' | 'text'>, more: RecordedMore = {}): void {
    recorded.add(id)
    try {
      store.recordMessage({ conversationId, messageId: id, role, text, ...more })
    } catch (error) {
      if (!isLeftoffError(error)) throw error
    }
  }

  /** What was said while no page looked is counted now; a row that has as many messages knows of it. */
  function recordLoaded(messages: readonly LoadedMessage[]): void {
    const session = store.getState().sessions.find((one) => one.conversationId === conversationId)
    if (session?.messageCount === messages.length) return
    for (const { id, role, text, at = 0 } of messages.slice(-remembered)) {
      if (!recorded.has(id)) record({ id, role, text }, { at })
    }
  }

  return { record, recordLoaded }
}

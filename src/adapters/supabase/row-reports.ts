import type { AdapterReport } from '../../core/adapter.js'
import { isObject } from '../../core/checks.js'
import { LeftoffError } from '../../core/error.js'

/** Reports rows that were left out, once each. They stay in the database as they are. */
export function rowReports() {
  const listeners = new Set<(report: AdapterReport) => void>()
  const reported = new Set<string>()

  function report(key: string, { type, error, conversationId }: AdapterReport): void {
    if (reported.has(key)) return
    reported.add(key)
    for (const listener of [...listeners]) {
      listener({ type, error, ...(conversationId !== undefined && { conversationId }) })
    }
  }

  return {
    listen(listener: (report: AdapterReport) => void): () => void {
      // Its own function, so that one listener added twice is two.
      const own = (report: AdapterReport): void => listener(report)
      listeners.add(own)
      return () => listeners.delete(own)
    },

    newer(conversationId: string): void {
      const message = `Session ${conversationId} was saved by a later version of leftoff. Reload the page to get that version.`
      report(conversationId, {
        type: 'newer-version',
        conversationId,
        error: new LeftoffError('newer-version', message),
      })
    },

    unreadable(value: unknown, field: string): void {
      const id = isObject(value) && typeof value.conversationId === 'string' ? value.conversationId : undefined
      const message = `The session ${id ?? ''} in app.conversation_sessions cannot be read: its ${field} is wrong.`
      const error = new LeftoffError('invalid-session', message)
      report(id ?? JSON.stringify(value), {
        type: 'row-quarantined',
        error,
        ...(id !== undefined && { conversationId: id }),
      })
    },

    close(): void {
      listeners.clear()
    },
  }
}

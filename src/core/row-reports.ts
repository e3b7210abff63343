import { isObject, readSession } from './checks.js'
import { LeftoffError } from './error.js'
import type { RankedSession } from './session.js'
import type { AdapterReport } from './session-adapter.js'

/** So many rows are remembered as reported; a server runs for months. */
const maxReported = 1_000

/** Reports rows that were left out, once each. They stay in `place` as they are. */
export function rowReports(place: string) {
  const listeners = new Set<(report: AdapterReport) => void>()
  const reported = new Set<string>()

  function report(key: string, { type, error, conversationId }: AdapterReport): void {
    if (reported.has(key)) return
    if (reported.size >= maxReported) reported.clear()
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

    newer(userId: string, conversationId: string): void {
      const message = `Session ${conversationId} was saved by a later version of leftoff. Reload the page to get that version.`
      report(`${userId}\n${conversationId}`, {
        type: 'newer-version',
        conversationId,
        error: new LeftoffError('newer-version', message),
      })
    },

    /** The session, unless it cannot be read: then it is reported. */
    readable(value: unknown): RankedSession | undefined {
      const read = readSession(value)
      if (read.ok) return read.value
      const { userId = '', conversationId: id } = isObject(value) ? value : {}
      const conversationId = typeof id === 'string' ? id : undefined
      const message = `The session ${conversationId ?? ''} in ${place} cannot be read: its ${read.field} is wrong.`
      report(conversationId === undefined ? JSON.stringify(value) : `${userId}\n${conversationId}`, {
        type: 'row-quarantined',
        error: new LeftoffError('invalid-session', message),
        ...(conversationId !== undefined && { conversationId }),
      })
      return undefined
    },

    close(): void {
      listeners.clear()
    },
  }
}

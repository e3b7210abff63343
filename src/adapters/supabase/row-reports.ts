import type { AdapterReport } from '../../core/adapter.js'
import type { ReadRow } from '../../core/stored-row.js'

/** Tells of rows that could not be read, once each. They stay in the database as they are. */
export function rowReports() {
  const listeners = new Set<(report: AdapterReport) => void>()
  const reported = new Set<string>()

  return {
    listen(listener: (report: AdapterReport) => void): () => void {
      const own = (report: AdapterReport): void => listener(report)
      listeners.add(own)
      return () => listeners.delete(own)
    },

    tell(value: unknown, { kind, error }: Exclude<ReadRow, { kind: 'row' }>): void {
      const conversationId = conversationIdOf(value)
      const id = conversationId ?? JSON.stringify(value)
      if (reported.has(id)) return
      reported.add(id)
      const type = kind === 'invalid' ? 'row-set-aside' : 'newer-version'
      const report: AdapterReport = { type, error, ...(conversationId !== undefined && { conversationId }) }
      for (const listener of [...listeners]) listener(report)
    },

    close(): void {
      listeners.clear()
    },
  }
}

/** Of a row that this code cannot read, as far as it still says. */
function conversationIdOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('session' in value)) return undefined
  const { session } = value
  if (typeof session !== 'object' || session === null || !('conversationId' in session)) return undefined
  return typeof session.conversationId === 'string' ? session.conversationId : undefined
}

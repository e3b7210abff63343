import { LeftoffError } from '../../core/error.js'

/** What a verb of `iam` answers. */
export type Answer =
  | { readonly status: 'ok'; readonly agentSessionId?: string; readonly expired: boolean }
  | { readonly status: 'busy'; readonly retryAfterMs: number }
  /** The row does not hold the lease, or not the expected id. */
  | { readonly status: 'refused' }
  /** The domain id no longer belongs to the hostname; nothing was done. */
  | { readonly status: 'wrong-domain' }

/** Checks what came from the database. */
export function readAnswer(verb: string, data: unknown): Answer {
  if (typeof data === 'object' && data !== null && 'status' in data) {
    if (data.status === 'refused' || data.status === 'wrong-domain') return { status: data.status }
    if (data.status === 'busy' && 'retryAfterMs' in data && typeof data.retryAfterMs === 'number') {
      return { status: 'busy', retryAfterMs: data.retryAfterMs }
    }
    if (data.status === 'ok') {
      const expired = 'expired' in data && data.expired === true
      if (!('agentSessionId' in data)) return { status: 'ok', expired }
      if (typeof data.agentSessionId === 'string') {
        return { status: 'ok', expired, agentSessionId: data.agentSessionId }
      }
    }
  }
  throw new LeftoffError(
    'storage-unavailable',
    `iam.${verb} answered in a form this code does not know. Run the migrations of this version of leftoff.`,
  )
}

import { LeftoffError } from '../core/error.js'
import type { TurnState } from './agent-session-store.js'

/** What a verb answers that runs in the database itself, as an SQL function or a Lua script. */
export type VerbAnswer =
  | {
      readonly status: 'ok'
      readonly agentSessionId?: string
      readonly expired: boolean
      readonly turn?: TurnState
    }
  | { readonly status: 'busy'; readonly retryAfterMs: number; readonly turn?: TurnState }
  /** The row does not hold the lease, not the expected id, or no such turn. */
  | { readonly status: 'refused' }
  /** The domain id no longer belongs to the hostname; nothing was done. */
  | { readonly status: 'wrong-domain' }

/** Checks what came from the database. */
export function readVerbAnswer(verb: string, answer: unknown): VerbAnswer {
  const data = fields(answer)
  const turn = data.turn === undefined ? undefined : readTurn(data.turn)
  const isReadable = data.turn === undefined || turn !== undefined
  const withTurn = turn && { turn }
  if (data.status === 'refused' || data.status === 'wrong-domain') return { status: data.status }
  if (isReadable && data.status === 'busy' && typeof data.retryAfterMs === 'number') {
    return { status: 'busy', retryAfterMs: data.retryAfterMs, ...withTurn }
  }
  if (isReadable && data.status === 'ok') {
    const { agentSessionId } = data
    const read = { status: 'ok', expired: data.expired === true, ...withTurn } as const
    if (agentSessionId === undefined) return read
    if (typeof agentSessionId === 'string') return { ...read, agentSessionId }
  }
  throw unknownAnswer(verb)
}

/** The functions of the database are of another version, or something between rewrites its answers. */
export function unknownAnswer(verb: string): LeftoffError {
  return new LeftoffError(
    'storage-unavailable',
    `${verb} answered in a form this code does not know. Run the migrations of this version of leftoff; give Redis's replies as they are.`,
  )
}

function readTurn(value: unknown): TurnState | undefined {
  const { turnId, messageHash, startedAt, state } = fields(value)
  const known = states.find((one) => one === state)
  if (typeof turnId !== 'string' || typeof messageHash !== 'string' || typeof startedAt !== 'number' || !known) {
    return undefined
  }
  return { turnId, messageHash, startedAt, state: known }
}

const states: readonly TurnState['state'][] = ['running', 'stopping', 'done', 'stopped', 'failed', 'interrupted']

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

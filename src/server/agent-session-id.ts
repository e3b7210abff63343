import { LeftoffError } from '../core/error.js'

/** Refuses an empty id, with which an agent would start afresh in silence. */
export function assertAgentSessionId(agentSessionId: string): void {
  if (agentSessionId !== '') return
  throw new LeftoffError(
    'invalid-argument',
    'An agent session id is never empty. Check what the driver gives in `sessionIdOf`.',
  )
}

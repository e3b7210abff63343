import { isObject, readSession } from '../core/checks.js'
import type { RankedSession } from '../core/session.js'

/** The sessions of the user in what a server gave; what is not a session is left out. */
export function readInitialSessions(given: unknown, userId: string): readonly RankedSession[] {
  const sessions = isObject(given) ? given.sessions : undefined
  if (!Array.isArray(sessions)) return []
  return sessions.flatMap((value: unknown) => {
    const read = isObject(value) ? readSession({ rank: value.lastActivity, ...value }) : undefined
    return read?.ok && read.value.userId === userId ? read.value : []
  })
}

import type { SessionChange } from './apply-change.js'
import { maxTime, readChange } from './checks.js'
import { LeftoffError } from './error.js'
import type { Refusal } from './session-adapter.js'

/** What can be sent: a text that Postgres cannot store would fail the whole request. Ranks are judged by the clock of who stores. */
export function sendable(changes: readonly SessionChange[]): {
  readonly valid: readonly Omit<SessionChange, 'epoch'>[]
  readonly refusals: Refusal[]
} {
  const refusals: Refusal[] = []
  const valid: Omit<SessionChange, 'epoch'>[] = []
  for (const change of changes) {
    const read = readChange(change, maxTime)
    if (!read.ok) {
      refusals.push({ conversationId: change.conversationId, reason: 'invalid' })
      continue
    }
    // Refused as a whole and before anything is sent; never saved for the right user instead.
    if (change.userId !== changes[0]?.userId) {
      throw new LeftoffError('forbidden', 'save: the changes name two users. Save the changes of each user separately.')
    }
    const { epoch: _, ...sent } = read.value
    valid.push(sent)
  }
  return { valid, refusals }
}

import * as z from 'zod/mini'
import type { Refusal } from '../../core/adapter.js'
import { LeftoffError } from '../../core/error.js'
import { type ReadRow, readStoredRow } from '../../core/stored-row.js'

/** Checks what a save answered. `onUnreadable` is told of a stored row that stood in the way and could not be read. */
export function readRefusals(
  data: unknown,
  onUnreadable: (value: unknown, read: Exclude<ReadRow, { kind: 'row' }>) => void,
): readonly Refusal[] {
  const answer = z.safeParse(refusals, data)
  if (!answer.success) throw unknownForm('save_conversation_sessions', answer.error)
  return answer.data.map(({ conversationId, reason, stored }): Refusal => {
    if (reason !== 'changed') return { conversationId, reason }
    const read = readStoredRow(stored)
    if (read.kind === 'row') return { conversationId, reason, stored: read.row.session }
    onUnreadable(stored, read)
    // What cannot be read must not be overwritten either, so the caller is to stop as it does for a newer row.
    return { conversationId, reason: 'newer-version' }
  })
}

/** The error for an answer that is none of this version's. */
export function unknownForm(name: string, cause?: unknown): LeftoffError {
  return new LeftoffError(
    'storage-unavailable',
    `app.${name} answered in a form this code does not know. Run the migrations of this version of leftoff.`,
    { cause },
  )
}

const refusals = z.array(
  z.object({
    conversationId: z.string(),
    reason: z.enum(['changed', 'removed', 'missing', 'newer-version']),
    stored: z.optional(z.unknown()),
  }),
)

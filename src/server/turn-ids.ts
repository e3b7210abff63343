import { LeftoffError } from '../core/error.js'

/** Whether a text may name a turn. Clients choose these, so they are short and mean nothing to any database or header. */
export function isTurnId(turnId: unknown): turnId is string {
  return typeof turnId === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(turnId)
}

/** Refuses what no store may keep. */
export function assertTurnIds({
  turnId,
  messageHash,
}: {
  readonly turnId: string
  readonly messageHash: string
}): void {
  if (!isTurnId(turnId)) {
    throw new LeftoffError('invalid-argument', 'A turn id is 1 to 64 letters, digits, - and _. A UUID is one.')
  }
  if (!/^[A-Za-z0-9_-]{1,16}$/.test(messageHash)) {
    throw new LeftoffError(
      'invalid-argument',
      'A message hash is what hashMessage gives: 1 to 16 letters, digits, - and _.',
    )
  }
}

/**
 * Tells two messages under one turn id apart: 64 bits of the SHA-256 of both as JSON, in 11 characters.
 *
 * @example
 * ```ts
 * import { hashMessage } from 'leftoff/server'
 *
 * const messageHash = await hashMessage(messageId, message)
 * ```
 */
export async function hashMessage(messageId: string, message: unknown): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify([messageId, message]))
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', json)).subarray(0, 8)
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

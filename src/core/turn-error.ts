import type { LeftoffErrorCode } from './error.js'

/** The errors of a turn that a reader can do something about; any other is sent as `turn-failed`. */
export type TurnErrorCode = keyof typeof sentences

/** One sentence per error, since the original may quote a session id. */
const sentences = {
  'turn-failed': 'The answer could not be completed. Send the message again.',
  'turn-interrupted': 'The answer was interrupted. Send the message again.',
  'turn-busy': 'An answer is already being written. Wait until it ends, then send again.',
  'turn-repeated': 'This message was sent before. Load the conversation to see what came of it.',
  'lease-lost': 'This conversation continued elsewhere. Load it again before sending.',
  'recovery-failed': 'The agent lost this conversation and it could not be started afresh. Send the message again.',
} as const satisfies Partial<Record<LeftoffErrorCode, string>>

/** What a person can be shown about the error. */
export function turnErrorSentence(code: TurnErrorCode): string {
  return sentences[code]
}

/** The code as it is sent. */
export function turnErrorCode(code: unknown): TurnErrorCode {
  return typeof code === 'string' && Object.hasOwn(sentences, code) ? (code as TurnErrorCode) : 'turn-failed'
}

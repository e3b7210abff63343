import type { FailureClass, ResumeAttempt } from '../../core/agent-driver.js'
import { count, entries, field } from './claude-message.js'
import { isUnusable } from './unusable-session.js'

/**
 * Why a resumed run failed at once, over all the ways in which versions 0.1 to 0.3 say it: an error result, a thrown
 * error that quotes that result, or a line on stderr before the process exits.
 *
 * The texts are compared whole and with our id. A model or an API may well say something alike, and that costs no one
 * a session.
 */
export function classifyClaudeFailure(errorOrMessage: unknown, attempt: ResumeAttempt): FailureClass {
  for (const text of saidBy(errorOrMessage, attempt)) {
    const refusal = refusalIn(text, attempt)
    if (refusal) return refusal
  }
  if (isUnusable(errorOrMessage, attempt.stderr)) return 'unusable'
  return isTransient(errorOrMessage) ? 'transient' : 'other'
}

function refusalIn(text: string, { resume, resumeAt }: ResumeAttempt): FailureClass | undefined {
  if (text === `No conversation found with session ID: ${resume}`) return 'stale'
  if (resumeAt !== undefined && text === `No message found with message.uuid of: ${resumeAt}`) return 'stale-point'
  const isAboutForm = text.startsWith('Error: --resume requires a valid session ID')
  return isAboutForm && text.includes(`Provided value "${resume}" is not a `) ? 'invalid' : undefined
}

/** The texts that the SDK itself says, not the model or the API. */
function saidBy(errorOrMessage: unknown, { stderr = [] }: ResumeAttempt): readonly string[] {
  if (field(errorOrMessage, 'type') === 'result') return isStartFailure(errorOrMessage) ? texts(errorOrMessage) : []
  if (!(errorOrMessage instanceof Error)) return []
  const { message } = errorOrMessage
  // 0.2.113 and later.
  if (message.startsWith(quoted)) return [message.slice(quoted.length)]
  // Up to 0.1.77 nothing but stderr has the text; later versions append stderr to the message.
  const exit = /^Claude Code process exited with code \d+(?:\. stderr: )?/.exec(message)
  return exit ? lines([...stderr, message.slice(exit[0].length)]) : []
}

const quoted = 'Claude Code returned an error result: '

/** A turn that failed before the model was asked. */
function isStartFailure(result: unknown): boolean {
  return (
    field(result, 'subtype') === 'error_during_execution' &&
    field(result, 'is_error') === true &&
    field(result, 'num_turns') === 0
  )
}

function texts(result: unknown): readonly string[] {
  return entries(result, 'errors').filter((text) => typeof text === 'string')
}

/** 0.1.0 gives lines without an end, and any version may give a line in pieces: look at both readings. */
function lines(chunks: readonly string[]): readonly string[] {
  return [...chunks, chunks.join('')].flatMap((text) => text.split('\n')).map((line) => line.trim())
}

function isTransient(errorOrMessage: unknown): boolean {
  const status = count(errorOrMessage, 'api_error_status')
  if (status === 408 || status === 429 || status >= 500) return true
  return (
    errorOrMessage instanceof Error && /\b(timed out|ETIMEDOUT|ECONNREFUSED|ECONNRESET)\b/.test(errorOrMessage.message)
  )
}

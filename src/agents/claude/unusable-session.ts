import { count, entries, field } from './claude-message.js'

/**
 * Whether what the SDK says means that no later message can use this session either: the API refuses the messages that
 * are stored in it, or its transcript cannot be read. Each form has a public report in which every later message failed
 * the same way. A mere 400 is none: a credit that ran out, a bad model and an image that is too large are 400 too.
 */
export function isUnusable(errorOrMessage: unknown, stderr: readonly string[] = []): boolean {
  return textsIn(errorOrMessage, stderr).some((text) => {
    const refusal = refusalOfApi(text)
    if (refusal !== undefined) return refusedMessages.some((form) => form.test(refusal))
    return unreadableTranscript.test(text)
  })
}

/** About the messages that the API is sent, by their place: those of earlier turns, as the SDK stored them. */
const refusedMessages: readonly RegExp[] = [
  // https://github.com/anthropics/claude-code/issues/1894 and /9346: a turn was interrupted while a tool ran.
  /^messages\.\d+(\.content\.\d+)?: `?tool_use`? ids were found without `?tool_result`? blocks immediately after: /,
  // https://github.com/anthropics/claude-code/issues/12692, /13460 and /19728: the other half is missing.
  /^messages\.\d+\.content\.\d+: unexpected `?tool_use_id`? found in `?\w*tool_result`? blocks: /,
  // https://github.com/anthropics/claude-code/issues/13701, /63568 and /64003: stored thinking is not what the API gave.
  /^messages\.\d+\.content\.\d+: `?thinking`? or `?redacted_thinking`? blocks in the latest assistant message cannot be modified/,
  // https://github.com/anthropics/claude-code/issues/21726 and /66204: stored without its signature.
  /^messages\.\d+\.content\.\d+: Invalid `?signature`? in `?thinking`? block/,
  // https://github.com/anthropics/claude-code/issues/39818 and /54638: how version 2 of Claude Code words the first of these,
  /^due to tool use concurrency issues\./,
  // and the second, as SDK 0.3.330 was seen to do (test/claude/outcomes.test.ts).
  /^orphaned tool_result in conversation history\./,
  // https://github.com/anthropics/claude-code/issues/55369: an empty text was stored.
  /^messages\.\d+\.content\.\d+(\.text)?: cache_control cannot be set for empty text blocks/,
]

/**
 * https://github.com/open-ace/open-ace/pull/2033 (EPERM), and the SDK itself where the transcript is a folder (EISDIR).
 * Not what another time may be well: too many open files, a disk that fails.
 */
const unreadableTranscript = /^(Error: )?Failed to resume session: (EISDIR|EPERM|EACCES|ENOTDIR): /

/** What the API's error 400 says; `undefined` for any other text. */
function refusalOfApi(text: string): string | undefined {
  const body = /^API Error: 400 (.*)$/s.exec(text)?.[1]
  if (body === undefined) return undefined
  try {
    const message = field(field(JSON.parse(body), 'error'), 'message')
    return typeof message === 'string' ? message : ''
  } catch {
    return body // newer versions leave out the JSON
  }
}

/** The texts with which the SDK ends a turn: of an error result, or of what it throws. */
function textsIn(errorOrMessage: unknown, stderr: readonly string[]): readonly string[] {
  if (field(errorOrMessage, 'type') === 'result') {
    const result = field(errorOrMessage, 'result')
    const ofApi = typeof result === 'string' && count(errorOrMessage, 'api_error_status') !== 0 ? [result] : []
    return [...ofApi, ...entries(errorOrMessage, 'errors').filter((text) => typeof text === 'string')]
  }
  if (!(errorOrMessage instanceof Error)) return []
  const { message } = errorOrMessage
  const quoted = /^Claude Code returned an error result: (.*)$/s.exec(message)?.[1]
  if (quoted !== undefined) return [quoted]
  const exit = /^Claude Code process exited with code \d+(?:\. stderr: )?(.*)$/s.exec(message)?.[1]
  if (exit === undefined) return []
  return [...stderr, exit].flatMap((text) => text.split('\n')).map((line) => line.trim())
}

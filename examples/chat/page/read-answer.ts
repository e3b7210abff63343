import { LeftoffError, type TokenUsage } from 'leftoff'

/** What `/api/turn` sends, as far as this page shows it. */
export type AnswerEvent =
  | { readonly type: 'turn'; readonly turnId: string; readonly messageId: string; readonly message: string }
  | { readonly type: 'recovered'; readonly contextLost: boolean }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'discard'; readonly keep: number }
  | { readonly type: 'done'; readonly usage?: TokenUsage }
  | { readonly type: 'stopped' }
  | { readonly type: 'error'; readonly code: keyof typeof sentences }
  | { readonly type: 'started' | 'data' | 'missed' }

/** The events of an answer. Throws what ended it early. */
export async function* readAnswer(response: Response): AsyncGenerator<AnswerEvent> {
  if (!response.ok || !response.body) {
    await response.text() // an unread one would keep its connection
    throw response.status === 409 ? new LeftoffError('turn-busy', 'Another answer is being written.') : failed()
  }
  let isOver = false
  let rest = ''
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
    if (done) break
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue
      const event: AnswerEvent = JSON.parse(line.slice(6)) // the server is this app's own
      if (event.type === 'error') throw failed(event.code)
      isOver ||= event.type === 'done' || event.type === 'stopped'
      yield event
    }
  }
  if (!isOver) throw failed('turn-interrupted')
}

const sentences = {
  'turn-failed': 'The answer could not be completed. Send the message again.',
  'turn-interrupted': 'The answer was interrupted. Send the message again.',
  'lease-lost': 'This conversation went on elsewhere. Load it again before sending.',
  'recovery-failed': 'The agent lost this conversation and it could not be started afresh. Send the message again.',
} as const

function failed(code: keyof typeof sentences = 'turn-failed'): LeftoffError {
  return new LeftoffError(code, sentences[code] ?? sentences['turn-failed'])
}

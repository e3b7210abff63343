import type { ClaudeMessage } from 'leftoff/agents/claude'

/** An answer that the test writes, word by word. */
export interface Answer {
  readonly message: string
  say(word: string): void
  end(): void
  /** The agent breaks off. */
  fail(): void
  isOver: boolean
}

const step = (type: string, more: object): ClaudeMessage => ({
  type,
  session_id: 'f1c9a1de-0f4b-4a52-9a6c-4a1c1a7d2f10',
  ...more,
})

/** An agent that says what the test has it say. */
export function scriptedAnswers() {
  const answers: Answer[] = []
  const waiting: { readonly isFor: (answer: Answer) => boolean; readonly take: (answer: Answer) => void }[] = []

  async function* run({ message, signal }: { readonly message: string; readonly signal: AbortSignal }) {
    const said: string[] = []
    let hasEnded = false
    let hasFailed = false
    let wake = () => {}
    signal.addEventListener('abort', () => wake())
    const answer: Answer = {
      message,
      isOver: false,
      say(word) {
        said.push(word)
        wake()
      },
      end() {
        hasEnded = true
        wake()
      },
      fail() {
        hasFailed = true
        wake()
      },
    }
    answers.push(answer)
    const next = waiting.findIndex(({ isFor }) => isFor(answer))
    if (next >= 0) for (const { take } of waiting.splice(next, 1)) take(answer)
    yield step('system', { subtype: 'init' })
    try {
      for (let index = 0; ; index++) {
        while (index === said.length && !hasEnded && !hasFailed && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (signal.aborted) throw new Error('Operation aborted')
        if (index === said.length && hasFailed) throw new Error('The agent broke off')
        if (index === said.length) break
        const delta = { type: 'text_delta', text: said[index] }
        yield step('stream_event', { event: { type: 'content_block_delta', delta } })
      }
      yield step('result', {
        subtype: 'success',
        is_error: false,
        num_turns: 1,
        usage: { input_tokens: 1, output_tokens: 1 },
      })
    } finally {
      answer.isOver = true
    }
  }

  return {
    run,
    /** All that have begun, in order. */
    answers,
    /** The next answer that begins. */
    nextAnswer: () => new Promise<Answer>((take) => waiting.push({ isFor: () => true, take })),
    /** The next answer to a message. */
    answerTo: (message: string) =>
      new Promise<Answer>((take) => waiting.push({ isFor: (answer) => answer.message === message, take })),
  }
}

import { MockLanguageModelV4 } from 'ai/test'

/** An answer that the test writes. */
export interface ScriptedAnswer {
  /** What the model was sent. */
  readonly prompt: unknown
  say(text: string): void
  end(): void
  fail(): void
}

export const answers: ScriptedAnswer[] = []
const waiting: ((answer: ScriptedAnswer) => void)[] = []

/** The next answer that the model is asked for. */
export function nextAnswer(): Promise<ScriptedAnswer> {
  return new Promise((resolve) => waiting.push(resolve))
}

const tokens = { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }

/** A model that says what the test has it say: in place of ../turns/model.ts. */
export const model = new MockLanguageModelV4({
  doStream: async ({ prompt }) => ({
    stream: new ReadableStream({
      start(controller) {
        controller.enqueue({ type: 'text-start', id: '1' })
        const answer: ScriptedAnswer = {
          prompt: structuredClone(prompt),
          say: (delta) => controller.enqueue({ type: 'text-delta', id: '1', delta }),
          end() {
            controller.enqueue({ type: 'text-end', id: '1' })
            controller.enqueue({
              type: 'finish',
              finishReason: { unified: 'stop', raw: 'stop' },
              usage: { inputTokens: tokens, outputTokens: { total: 2, text: 2, reasoning: 0 } },
            })
            controller.close()
          },
          fail() {
            controller.enqueue({ type: 'error', error: new Error('the model is down') })
            controller.close()
          },
        }
        answers.push(answer)
        for (const tell of waiting.splice(0)) tell(answer)
      },
    }),
  }),
})

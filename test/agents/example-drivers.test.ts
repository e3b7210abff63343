import { expect, it } from 'vitest'
import { codexDriver } from '../../examples/drivers/codex-driver.js'
import { openaiResponsesDriver } from '../../examples/drivers/openai-responses-driver.js'

// Shapes as the SDKs give them, re-typed by hand.

const id = '0f0e2c9a-6c1f-4b5e-9a35-1f6f0f3d7a11'
const codexStale = (thread: string) =>
  new Error(
    `Codex Exec exited with code 1: Error: thread/resume: thread/resume failed: no rollout found for thread id ${thread} (code -32600)`,
  )
const apiError = (status: number, code: string) => Object.assign(new Error(`${status} ${code}`), { status, code })

it('the Codex driver hears that a thread is gone, of this thread only', () => {
  expect(codexDriver.classify(codexStale(id), { resume: id })).toBe('stale')
  expect(codexDriver.classify(codexStale(id.replace('0f', '1f')), { resume: id })).toBe('other')
  expect(codexDriver.classify(new Error('Codex Exec exited with code 1: 503'), { resume: id })).toBe('other')
  expect(codexDriver.isSessionId?.(id)).toBe(true)
  expect(codexDriver.isSessionId?.('my thread')).toBe(false)
})

it('the Codex driver reads a turn', () => {
  expect(codexDriver.sessionIdOf({ type: 'thread.started', thread_id: id })).toBe(id)
  const said = { type: 'item.completed', item: { type: 'agent_message', text: 'Hi' } } as const
  const usage = { input_tokens: 10, cached_input_tokens: 7, cache_write_input_tokens: 1, output_tokens: 5 }
  const completed = { type: 'turn.completed', usage } as const
  expect(
    [said, completed, { type: 'turn.failed' } as const, { type: 'turn.started' } as const].map(codexDriver.kindOf),
  ).toEqual(['output', 'success', 'failure', 'other'])
  expect(codexDriver.textOf?.(said)).toBe('Hi')
  expect(codexDriver.usageOf?.(completed)).toEqual({ input: 3, output: 5, cacheRead: 7, cacheWrite: 1 })
})

it('the Responses driver hears that a response is gone by its code, not by words', () => {
  const classify = (error: unknown) => openaiResponsesDriver.classify(error, { resume: 'resp_1' })
  expect(classify(apiError(400, 'previous_response_not_found'))).toBe('stale')
  expect(classify(apiError(429, 'rate_limit_exceeded'))).toBe('transient')
  expect(classify(apiError(400, 'invalid_prompt'))).toBe('other')
  expect(classify(new Error("Previous response with id 'resp_1' not found."))).toBe('other')
})

it('the Responses driver reads a turn', () => {
  const usage = { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 7 } }
  const completed = { type: 'response.completed', response: { id: 'resp_2', usage } }
  const done = { type: 'response.output_text.done', text: 'Hi' }
  expect(
    [{ type: 'response.output_text.delta' }, done, completed, { type: 'error' }].map(openaiResponsesDriver.kindOf),
  ).toEqual(['output', 'other', 'success', 'failure'])
  expect(openaiResponsesDriver.sessionIdOf(completed)).toBe('resp_2')
  expect(openaiResponsesDriver.textOf?.(done)).toBe('Hi')
  expect(openaiResponsesDriver.usageOf?.(completed)).toEqual({ input: 3, output: 5, cacheRead: 7, cacheWrite: 0 })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claudeDriver } from '../../../src/agents/claude/claude-driver.js'
import type { TurnStreamEvent } from '../../../src/core/turn-stream.js'
import { growingText } from '../../../src/server/handler/growing-text.js'
import { createShownAnswer } from '../../../src/server/handler/shown-answer.js'
import { textOf } from './handler-setup.js'

const piece = (text: string) => ({
  type: 'stream_event',
  session_id: 's',
  event: { type: 'content_block_delta', delta: { type: 'text_delta', text } },
})
const whole = (text: string) => ({
  type: 'assistant',
  session_id: 's',
  message: { content: [{ type: 'text', text }] },
})

function show() {
  const sent: TurnStreamEvent[] = []
  return { sent, answer: createShownAnswer(claudeDriver, undefined, (event) => void sent.push(event)) }
}

describe('what is shown of Claude’s messages', () => {
  it('is its pieces as they come, and not once more when the message is whole', () => {
    const { sent, answer } = show()
    for (const message of [piece('Hel'), piece('lo'), whole('Hello')]) answer.take(message)
    expect(sent).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
    ])
    expect(answer.text()).toBe('Hello')
  })

  it('is the whole message where there were no pieces', () => {
    const { answer } = show()
    for (const message of [whole('Let me look. '), whole('It is 7.')]) answer.take(message)
    expect(answer.text()).toBe('Let me look. It is 7.')
  })

  it('of an answer that is streamed again drops the unfinished part only', () => {
    const { sent, answer } = show()
    for (const message of [piece('One. '), whole('One. '), piece('Tw')]) answer.take(message)
    answer.discard()
    for (const message of [piece('Two.'), whole('Two.')]) answer.take(message)
    expect(sent).toContainEqual({ type: 'discard', keep: 5 })
    expect(answer.text()).toBe('One. Two.')
    expect(textOf(sent)).toBe('One. Two.')
  })

  it('is nothing of thoughts, tools and subagents', () => {
    const { sent, answer } = show()
    const inner = { ...piece('inner'), parent_tool_use_id: 'tool' }
    answer.take(inner)
    const thought = { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'x' } }
    const thinking = { type: 'stream_event', session_id: 's', event: thought }
    answer.take(thinking)
    const innerWhole = { ...whole('inner'), parent_tool_use_id: 'tool' }
    answer.take(innerWhole)
    expect(sent).toEqual([])
    expect(answer.isEmpty()).toBe(true)
  })

  it('is what is stored, whatever comes in whatever order', () => {
    const step = fc.oneof(
      fc.string({ maxLength: 5 }).map((text) => ({ piece: text })),
      fc.constant('whole' as const),
      fc.constant('again' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { sent, answer } = show()
        let unfinished = ''
        for (const next of steps) {
          if (next === 'again') {
            answer.discard()
            unfinished = ''
          } else if (next === 'whole') {
            answer.take(whole(unfinished))
            unfinished = ''
          } else {
            answer.take(piece(next.piece))
            unfinished += next.piece
          }
        }
        expect(textOf(sent)).toBe(answer.text())
      }),
    )
  })
})

describe('a growing text', () => {
  it('is what appending and cutting make of a text', () => {
    const step = fc.oneof(fc.string({ maxLength: 8 }), fc.nat({ max: 40 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const growing = growingText()
        let text = ''
        for (const next of steps) {
          if (typeof next === 'string') growing.append(next)
          else growing.cut(next)
          text = typeof next === 'string' ? text + next : text.slice(0, next)
          expect(growing.length()).toBe(text.length)
        }
        expect(growing.value()).toBe(text)
      }),
    )
  })
})

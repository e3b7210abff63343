import { describe, expect, it } from 'vitest'
import { claudeDriver } from '../../src/agents/claude/index.js'

const resume = '0b4d7a52-6a70-4dc7-8f0e-2f7d7a1c9e11'

/** The four ways in which versions 0.1 to 0.3 of the SDK end a turn with what the API said. */
const waysOfApi: Record<string, (text: string) => { given: unknown; stderr?: readonly string[] }> = {
  'as a result': (result) => ({
    given: { type: 'result', subtype: 'success', is_error: true, num_turns: 1, api_error_status: 400, result },
  }),
  'as a thrown result': (result) => ({ given: new Error(`Claude Code returned an error result: ${result}`) }),
}

const json = (message: string) =>
  `API Error: 400 ${JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message }, request_id: 'req_1' })}`

const classify = ({ given, stderr = [] }: { given: unknown; stderr?: readonly string[] }) =>
  claudeDriver.classify(given, { resume, stderr })

// Each as it stands in a public report in which every later message failed in the same way.
const refused: Record<string, string> = {
  'anthropics/claude-code#1894':
    'messages.19: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_0162. Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  'anthropics/claude-code#12692':
    'messages.10.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01Lo. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
  'anthropics/claude-code#13850':
    'messages.52.content.0: unexpected tool_use_id found in tool_result blocks: toolu_01Tp. Each tool_result block must have a corresponding tool_use block in the previous message.',
  'anthropics/claude-code#64003':
    'messages.3.content.101: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.',
  'anthropics/claude-code#57095':
    'messages.3.content.109: thinking or redacted_thinking blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.',
  'anthropics/claude-code#66204': 'messages.7.content.0: Invalid `signature` in `thinking` block',
  'anthropics/claude-code#21726': 'messages.1.content.0: Invalid signature in thinking block',
  'anthropics/claude-code#39818': 'due to tool use concurrency issues. Run /rewind to recover the conversation.',
  'Claude Agent SDK 0.3.330, against a refusing API': 'orphaned tool_result in conversation history.',
  'anthropics/claude-code#55369': 'messages.48.content.3.text: cache_control cannot be set for empty text blocks',
}

describe.each(Object.entries(waysOfApi))('stored messages that the API refuses, %s', (_, way) => {
  it.each(Object.entries(refused))('cost the session: %s', async (_, text) => {
    expect(await classify(way(json(text)))).toBe('unusable')
    // Newer versions leave out the JSON: anthropics/claude-code#63568.
    expect(await classify(way(`API Error: 400 ${text}`))).toBe('unusable')
  })
})

// A 400 all the same, which another time or another setting mends, or which the person's own message caused.
const kept: Record<string, string> = {
  'anthropics/claude-code#54566':
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  'a model that does not exist': 'model: claude-nope',
  'anthropics/claude-code#1747': 'Could not process image',
  'a prompt that is too long': 'prompt is too long: 210000 tokens > 200000 maximum',
  'a text like ours within another one':
    'The tool said: messages.19: `tool_use` ids were found without `tool_result` blocks immediately after: x',
}

describe.each(Object.entries(waysOfApi))('any other refusal of the API, %s', (_, way) => {
  it.each(Object.entries(kept))('keeps the session: %s', async (_, text) => {
    expect(await classify(way(json(text)))).not.toBe('unusable')
    expect(await classify(way(`API Error: 400 ${text}`))).not.toBe('unusable')
  })

  it('keeps it when it is no 400', async () => {
    const [text = ''] = Object.values(refused)
    for (const status of [429, 500, 529]) {
      const { given } = way(`API Error: ${status} ${text}`)
      expect(await classify({ given })).not.toBe('unusable')
    }
  })
})

describe('a transcript that cannot be read', () => {
  const error = (code: string) => `Failed to resume session: ${code}: illegal operation, read`
  const ways: Record<string, (text: string) => { given: unknown; stderr?: readonly string[] }> = {
    'as a result': (text) => ({
      given: { type: 'result', subtype: 'error_during_execution', is_error: true, num_turns: 0, errors: [text] },
    }),
    'as a thrown result': (text) => ({ given: new Error(`Claude Code returned an error result: ${text}`) }),
    'on stderr': (text) => ({ given: new Error('Claude Code process exited with code 1'), stderr: [`${text}\n`] }),
    'in the error of an exit': (text) => ({
      given: new Error(`Claude Code process exited with code 1. stderr: ${text}`),
    }),
  }

  it.each(Object.entries(ways))('costs the session, %s', async (_, way) => {
    for (const code of ['EISDIR', 'EPERM', 'EACCES']) expect(await classify(way(error(code)))).toBe('unusable')
  })

  it.each(Object.entries(ways))('keeps it where another time may be well, %s', async (_, way) => {
    for (const code of ['EMFILE', 'EIO', 'ENOMEM']) expect(await classify(way(error(code)))).not.toBe('unusable')
  })
})

it('what the model itself says costs nothing', async () => {
  const [text = ''] = Object.values(refused)
  const message = { type: 'assistant', message: { content: [{ type: 'text', text: json(text) }] } }
  expect(await classify({ given: message })).toBe('other')
  const success = { type: 'result', subtype: 'success', is_error: false, result: json(text) }
  expect(await classify({ given: success })).toBe('other')
  expect(await classify({ given: new Error(json(text)) })).toBe('other') // thrown by the app's own code
})

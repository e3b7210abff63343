import { claudeDriver } from 'leftoff/agents/claude'
import { memoryAgentSessions, runTurn, tabKey } from 'leftoff/server'
import { median } from '../median.mjs'

/** @typedef {import('leftoff/agents/claude').ClaudeMessage} ClaudeMessage */

/**
 * @typedef {object} Measured
 * @property {string} label What each message of the source costs.
 * @property {number} lineLength
 * @property {number} rawPerSecond Messages, iterated without runTurn.
 * @property {number} turnPerSecond
 * @property {number} addedUs Microseconds per message: the median over pairs of rounds.
 * @property {number} share Of the raw throughput, in per cent: the median over the same pairs.
 */

/**
 * Iterates the same source raw and through `runTurn`, in turns, and compares each pair of rounds: what the machine does
 * meanwhile slows both.
 *
 * @param {object} source
 * @param {string} source.label
 * @param {string} source.line One message as the SDK's process writes it.
 * @param {boolean} source.isParsed Whether each message costs a `JSON.parse` of the line.
 * @param {number} [source.costUs] What the agent spends on each message at least: 100 µs for 10,000 a second.
 * @param {number} source.count
 * @param {number} source.pairs
 * @returns {Promise<Measured>}
 */
export async function measure({ label, line, isParsed, costUs = 0, count, pairs }) {
  /** @type {ClaudeMessage} */
  const message = JSON.parse(line)
  const closing = ending(message.session_id ?? '')
  async function* source() {
    for (let n = 0; n < count; n += 1) {
      const until = costUs === 0 ? 0 : performance.now() + costUs / 1000
      const next = isParsed ? JSON.parse(line) : message
      while (costUs > 0 && performance.now() < until); // busy, as an agent is: a timer is not that exact
      yield next
    }
    yield* closing
  }
  /** @type {{ raw: number, turn: number }[]} */
  const rounds = []
  // The first ones are for the compiler.
  for (let n = -3; n < pairs; n += 1) {
    const raw = await timed(source())
    const turn = await timed(await turnOf(source))
    if (n >= 0) rounds.push({ raw, turn })
  }
  const perSecond = (/** @type {number} */ ms) => (count / ms) * 1000
  return {
    label,
    lineLength: line.length,
    rawPerSecond: perSecond(median(rounds.map(({ raw }) => raw))),
    turnPerSecond: perSecond(median(rounds.map(({ turn }) => turn))),
    addedUs: (median(rounds.map(({ raw, turn }) => turn - raw)) / count) * 1000,
    share: median(rounds.map(({ raw, turn }) => raw / turn)) * 100,
  }
}

/**
 * A piece of an answer as the Claude Agent SDK's process writes it, with a text of so many characters.
 *
 * @param {number} textLength
 */
export function deltaLine(textLength) {
  const text = 'Left off here. '.repeat(Math.ceil(textLength / 15)).slice(0, textLength)
  return JSON.stringify({
    type: 'stream_event',
    event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    session_id: '0f0e2c9a-6c1f-4b5e-9a35-1f6f0f3d7a11',
    parent_tool_use_id: null,
    uuid: '7b7c1d52-93d5-4d0c-8f7e-2f0a55c0d9b4',
  })
}

/** @param {() => AsyncIterable<ClaudeMessage>} source */
async function turnOf(source) {
  const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })
  const turn = await runTurn({
    sessions: memoryAgentSessions(),
    key,
    agent: claudeDriver,
    run: source,
    hasHistory: false,
  })
  if (!turn.ok) throw new Error('A new store is never busy.')
  return turn.events
}

/** @param {AsyncIterable<unknown>} messages */
async function timed(messages) {
  let read = 0
  const start = performance.now()
  for await (const _ of messages) read += 1
  const took = performance.now() - start
  if (read === 0) throw new Error('Nothing was read.')
  return took
}

/**
 * @param {string} session_id
 * @returns {ClaudeMessage[]}
 */
function ending(session_id) {
  const result = { type: 'result', subtype: 'success', is_error: false, num_turns: 1, session_id }
  return [{ type: 'assistant', session_id }, result]
}

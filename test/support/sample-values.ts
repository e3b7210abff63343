import type { RankedText, SessionChange, StoredRow } from '../../src/core/apply-change.js'
import type { TokenUsage } from '../../src/core/session.js'
import type { Random } from './random.js'

/** A valid change, most often with all that a change may have. */
export function sampleChange(random: Random): SessionChange {
  const maybe = <T extends object>(part: T): T | undefined => (random.chance(0.9) ? part : undefined)
  return {
    ...identity(random),
    ...maybe({
      counts: { 'aB3-_xyz': { messages: 3, ...maybe({ usage: usage(random) }) }, '00000000': { messages: 1 } },
    }),
    ...maybe({ activity: { at: random.below(2e9), rank: random.below(2e9) } }),
    ...maybe({ begins: random.below(2e9) }),
    ...maybe({ preview: text(random) }),
    ...maybe({
      titles: { ...maybe({ message: text(random) }), ...maybe({ app: text(random) }), person: text(random) },
    }),
  }
}

/** A valid row, most often with all that a row may have. */
export function sampleRow(random: Random): StoredRow {
  const { counts: _, begins = 5, activity = { at: 1, rank: 1 }, ...rest } = sampleChange(random)
  return {
    schemaVersion: 1,
    ...rest,
    startedAt: begins,
    activity,
    messages: random.below(50),
    ...(random.chance(0.9) && { usage: usage(random) }),
    scopes: [
      ['aB3-_xyz', random.below(9), usage(random)],
      ['zzzzzzz0', 1],
    ],
  }
}

function identity(random: Random) {
  return {
    userId: random.pick(['u1', 'ü', '', 'x'.repeat(200)]),
    workspace: random.pick(['demo.alive.best', 'é'.repeat(126)]),
    conversationId: random.pick(['00000000-0000-4000-8000-000000000001', '\u{1f600}'.repeat(50)]),
    epoch: random.pick(['', 'abc']),
  }
}

function text(random: Random): RankedText {
  return { text: random.pick(['', 'Hello', '日本語 \u{1f600}']), rank: random.below(2e9) }
}

function usage(random: Random): TokenUsage {
  return { input: random.below(1e6), output: 0, cacheRead: random.below(1e6), cacheWrite: 1 }
}

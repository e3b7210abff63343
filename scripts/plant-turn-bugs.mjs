// Plants one bug after the other in the code of a turn, in memory only, and shows that the test of random turns finds each:
// `node scripts/plant-turn-bugs.mjs`, or with a part of a name for some.

import fc from 'fast-check'
import { createViteServer } from 'vitest/node'

/** What each is, where in src/server it is planted, what stands there, and what is put in its place. */
/** @type {readonly (readonly [name: string, file: string, from: string | RegExp, to: string])[]} */
const bugs = [
  ['the id of an error result is noted', 'answer.ts', 'failed = message\n        return kind\n', 'failed = message\n'],
  ['a turn cut short after an error result keeps its id', 'answer.ts', " && result !== 'failure'", ''],
  ['a turn that crashed after output keeps its id', 'answer.ts', "(end === 'aborted' && ", '('],
  ['a turn cut short keeps no id', 'answer.ts', /const isWorthIt = .*/, 'const isWorthIt = hasSucceeded'],
  [
    'an error result takes the id of the success before it',
    'answer.ts',
    /const isWorthIt = has/,
    "const isWorthIt = result === 'success' && has",
  ],
  ['an error result shows which session answers', 'attempt.ts', " && kind !== 'failure'", ''],
  ['an error after a note is a refusal', 'attempt.ts', 'if (first.length === 0) throw error', 'throw error'],
  [
    'any error of a resumed run is a refusal',
    'attempt.ts',
    "if (reason === 'stale' || reason === 'invalid' || reason === 'unusable')",
    "if (reason !== 'stale-point')",
  ],
  [
    'the agent starts although its turn is over',
    'attempt.ts',
    '  assertMayRun(context)\n  if (context.beforeCall)',
    '  if (context.beforeCall)',
  ],
  [
    'the deadline counts from the answer to the begin',
    'begin-turn.ts',
    'leaseMs, begunAt, clock',
    'leaseMs, begunAt: momentOf(clock), clock',
  ],
  [
    'the deadline counts from the answer to a renewal',
    'lease.ts',
    'confirmedAt = sentAt',
    'confirmedAt = momentOf(clock)',
  ],
  [
    'the deadline counts from when its timer is set',
    'lease.ts',
    'confirmedAt.monotonic + leaseMs - clock.monotonic()',
    'leaseMs',
  ],
  ['no deadline', 'lease.ts', 'cancelDeadline = clock', 'if (!sessions) cancelDeadline = clock'],
  [
    'a timer that is late is not noticed',
    'lease.ts',
    'if (clock.monotonic() < monotonic + leaseMs && clock.now() < wall + leaseMs) return true',
    'return true',
  ],
  ['a message is let through without the lease', 'turn-events.ts', ' || !lease.isHeld()) return', ') return'],
  [
    'a late first pull is not confirmed',
    'lease.ts',
    'if (clock.monotonic() - confirmedAt.monotonic >= third)',
    'if (!sessions)',
  ],
  [
    'a refused renewal is taken for an outage',
    'lease.ts',
    "if (isLeftoffError(error, 'lease-lost')) lose(error)\n      else lastFailure",
    'lastFailure',
  ],
  [
    'an outage is taken for a refusal',
    'lease.ts',
    "if (isLeftoffError(error, 'lease-lost')) lose(error)\n      else lastFailure = error",
    'lose(unconfirmed(error))',
  ],
  ['renewed only when the lease is over', 'lease.ts', 'scheduleBeat(third)', 'scheduleBeat(leaseMs)'],
  ['the agent works on when the lease is lost', 'turn-events.ts', 'void stopAgent(error)', 'void Promise.resolve()'],
  [
    'the agent works on when its reader leaves',
    'turn-events.ts',
    'void stopAgent(interrupted(undefined))',
    'void Promise.resolve()',
  ],
  ['the key is given back before the agent has stopped', 'turn-events.ts', /await atMost\(clock, stopMs.*/, ''],
  ['a deaf agent keeps the key forever', 'turn-events.ts', /await atMost\(clock, stopMs, (.*)\)\n/, 'await $1\n'],
  ['a reader who left is not read on for', 'turn-events.ts', 'if (isDraining || ', 'if ('],
  ['expired is told as unknown', 'recovery.ts', "isExpired ? 'expired' : 'unknown'", "'unknown'"],
  [
    'lost context is not told when another session answers',
    'session-watch.ts',
    /const isSame = .*/,
    'const isSame = true',
  ],
  ['lost context is not told when nothing is stored', 'recovery.ts', 'return hasLostContext ?', 'return !hasHistory ?'],
  [
    'the point is forgotten with the session',
    'recovery.ts',
    "if (asked.reason !== 'stale-point')",
    'if (asked.reason)',
  ],
]

const [wanted = ''] = process.argv.slice(2)
const numRuns = 5_000
let missed = 0

for (const [name, file, from, to] of bugs.filter(([name]) => name.includes(wanted))) {
  const server = await createViteServer({
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    plugins: [
      {
        name: 'plant-bug',
        enforce: 'pre',
        transform(code, id) {
          if (!id.endsWith(`/src/server/${file}`)) return
          const planted = code.replace(from, to)
          if (planted === code) throw new Error(`${file} no longer holds what "${name}" replaces.`)
          return planted
        },
      },
    ],
  })
  const { live } = await server.ssrLoadModule('/test/server/turn-life.ts')
  const { happenings } = await server.ssrLoadModule('/test/server/turn-plan.ts')
  /** @type {string | undefined} */
  let seen
  const property = fc.asyncProperty(happenings, async (all) => {
    const { wrong } = await live(all)
    seen = wrong[0]
    return seen === undefined
  })
  const run = await fc.check(property, { numRuns, endOnFailure: true, interruptAfterTimeLimit: 120_000 })
  await server.close()
  if (!run.failed || seen === undefined) missed += 1
  console.log(
    seen === undefined ? `NOT FOUND in ${run.numRuns} runs: ${name}` : `${run.numRuns} runs: ${name} ("${seen}")`,
  )
}
console.log(`${missed} not found`)
process.exitCode = missed === 0 ? 0 : 1

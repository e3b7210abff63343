// What a turn's start and end, its log and a follower cost on each engine, beside a plain write and a plain read of that
// engine: same client, same run, in turns. Requests are counted, and memory is what the engine says.

import { tabKey } from 'leftoff/server'
import { textTable } from '../table.mjs'
import { alternate } from './alternate.mjs'
import { openEngines } from './open-engines.mjs'

/** @typedef {import('./open-engines.mjs').Engine} Engine */

/** @param {{ rounds: number, keys: number, seconds: number }} counts */
export async function benchEngines({ rounds, keys, seconds }) {
  for (const open of openEngines) {
    const engine = await open()
    try {
      console.log(`\n${engine.name}`)
      await showCosts(engine, rounds)
      // Before what fills it: a log in memory that is full forgets as much as it takes.
      await showMemory(engine, keys)
      await showRequests(engine, seconds)
      await showRates(engine, seconds / 2)
    } finally {
      await engine.close()
    }
  }
}

const event = JSON.stringify({ type: 'text', text: 'A piece of an answer. ' })
/** Texts of their own, as an agent's are. */
const newEvents = () =>
  Array.from({ length: 12 }, () => JSON.stringify({ type: 'text', text: 'A piece of an answer. ' }))
const keyOf = (/** @type {string} */ tabId) => tabKey({ userId: 'user', workspace: 'demo.alive.best', tabId })
const newTurn = () => ({ leaseId: crypto.randomUUID(), turnId: crypto.randomUUID(), messageHash: 'abcdefghijk' })

/** Waits for no batch and no poll. */
const hurried = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(/** @type {() => void} */ run, /** @type {number} */ ms) {
    if (ms > 1_000) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    }
    const soon = setImmediate(run)
    return () => clearImmediate(soon)
  },
}

/** The first piece that another process gets; nothing if there is none. @param {import('./open-engines.mjs').Opened} elsewhere
 * @param {import('leftoff/server').TabKey} key @param {string} turnId @param {number} after */
async function peek({ log }, key, turnId, after) {
  const { signal } = new AbortController()
  const reader = (await log.read(key, turnId, { after, signal }))?.[Symbol.asyncIterator]()
  if (after === 0) await reader?.next()
  await reader?.return?.()
}

/** @param {Engine} engine @param {number} rounds */
async function showCosts({ open, write, read }, rounds) {
  const { sessions, log } = open(hurried)
  const elsewhere = open(hurried)
  const key = keyOf('measured')
  await sessions.set(key, 'agent session')
  let turn = newTurn()
  let seq = 0
  const costs = await alternate(
    {
      'plain write': write,
      beginTurn() {
        turn = newTurn()
        seq = 0
        return sessions.beginTurn(key, { ...turn, leaseMs: 60_000 })
      },
      'log.start': () => log.start(key, turn.turnId),
      'log.append of 12 events': () => {
        seq += 12
        return log.append(key, turn.turnId, seq - 11, Array(12).fill(event))
      },
      'log.read, first piece': () => peek(elsewhere, key, turn.turnId, 0),
      renewTurn: () => sessions.renewTurn(key, turn.leaseId, 60_000),
      getTurn: () => sessions.getTurn(key, turn.turnId),
      'plain read': read,
      endTurn: () => sessions.endTurn(key, turn.leaseId, { agentSessionId: 'agent session', outcome: 'done' }),
      'log.end': () => log.end(key, turn.turnId, seq + 1, '{"type":"done"}'),
    },
    rounds,
  )
  const rows = Object.entries(costs).map(([name, ms]) => {
    const plain = costs[/read|getTurn/.test(name) ? 'plain read' : 'plain write'] ?? ms
    return [name, (1_000 * ms).toFixed(0), (ms / plain).toFixed(2)]
  })
  console.log(textTable([[`median of ${rounds}`, 'µs', 'times a plain one'], ...rows]))
}

/** Of a turn in which an event comes every 20 ms, by the real clock. @param {Engine} engine @param {number} seconds */
async function showRequests({ open }, seconds) {
  const [runs, follows] = [open(), open()]
  const key = keyOf('counted')
  const turn = newTurn()
  await runs.sessions.beginTurn(key, { ...turn, leaseMs: 30_000 })
  await runs.log.start(key, turn.turnId)
  const followed = (async () => {
    let events = 0
    const { signal } = new AbortController()
    const pieces = await follows.log.read(key, turn.turnId, { after: 0, signal })
    for await (const piece of pieces ?? []) events += piece.length
    return events
  })()
  // What runTurn asks: whether to stop every 1.5 s, and for its lease every 10 s.
  const stopPoll = setInterval(() => void runs.sessions.getTurn(key, turn.turnId), 1_500)
  const renewal = setInterval(() => void runs.sessions.renewTurn(key, turn.leaseId, 30_000), 10_000)
  const until = performance.now() + 1_000 * seconds
  let seq = 0
  while (performance.now() < until) {
    seq += 1
    void runs.log.append(key, turn.turnId, seq, [event])
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  clearInterval(stopPoll)
  clearInterval(renewal)
  await runs.sessions.endTurn(key, turn.leaseId, { outcome: 'done' })
  await runs.log.end(key, turn.turnId, seq + 1, '{"type":"done"}')
  const events = await followed
  const counted = (/** @type {number} */ count) => `${count} requests, ${(count / seconds).toFixed(1)} a second`
  console.log(
    `a turn of ${seconds} s with ${seq + 1} events: its process ${counted(runs.requests())}; one that follows it ${counted(follows.requests())}, ${events} events`,
  )
}

/** How much the engine takes with 32 at once, and what that costs it. @param {Engine} engine @param {number} seconds */
async function showRates({ open, meter }, seconds) {
  const { sessions, log } = open(hurried)
  await showRate('turns (begin and end)', { seconds, meter }, async (worker, n) => {
    const key = keyOf(`rate ${worker} ${n % 50}`)
    const turn = newTurn()
    await sessions.beginTurn(key, { ...turn, leaseMs: 60_000 })
    await sessions.endTurn(key, turn.leaseId, { agentSessionId: 'agent session', outcome: 'done' })
  })
  await showRate('batches of a log', { seconds, meter }, async (worker, n) => {
    const [key, turnId] = [keyOf(`log ${worker}`), `turn-${Math.floor(n / 200)}`]
    if (n % 200 === 0) await log.start(key, turnId)
    await log.append(key, turnId, 12 * (n % 200) + 1, Array(12).fill(event))
    if (n % 200 === 199) await log.end(key, turnId, 2_401, '{"type":"done"}')
  })
  const followed = newTurn().turnId
  await log.start(keyOf('polled'), followed)
  await log.append(keyOf('polled'), followed, 1, Array(12).fill(event))
  await showRate('polls of a follower', { seconds, meter }, async () => {
    // A store of its own each time, so that each asks.
    await peek(open(hurried), keyOf('polled'), followed, 12)
  })
}

/**
 * @param {string} what
 * @param {{ seconds: number, meter: Engine['meter'] }} options
 * @param {(worker: number, n: number) => Promise<void>} run
 */
async function showRate(what, { seconds, meter }, run) {
  const measured = await meter()
  const from = performance.now()
  const until = from + 1_000 * seconds
  const counts = await Promise.all(
    Array.from({ length: 32 }, async (_, worker) => {
      let n = 0
      for (; performance.now() < until; n += 1) await run(worker, n)
      return n
    }),
  )
  const count = counts.reduce((sum, n) => sum + n, 0)
  const rate = count / ((performance.now() - from) / 1_000)
  console.log(`32 at once: ${Math.round(rate)} ${what} a second${await measured(count)}`)
}

/** @param {Engine} engine @param {number} keys */
async function showMemory({ open, bytes }, keys) {
  const { sessions, log } = open(hurried)
  const before = await bytes()
  await fill(keys, 1)
  const afterOne = await bytes()
  await fill(keys, 15)
  const afterAll = await bytes()
  const turns = Math.ceil(keys / 50)
  for (let n = 0; n < turns; n += 1) {
    await log.start(keyOf(`memory ${n}`), 'turn')
    for (let batch = 0; batch < 40; batch += 1) {
      await log.append(keyOf(`memory ${n}`), 'turn', 12 * batch + 1, newEvents())
    }
  }
  const ofLogs = ((await bytes()) - afterAll) / turns
  const per = (/** @type {number} */ total, /** @type {number} */ count) => `${Math.round(total / count)} bytes`
  console.log(
    `a key takes ${per(afterOne - before, keys)} after its first turn, ${per(afterAll - before, keys)} with the 16 that it remembers; ` +
      `the log of a turn with ${480 * event.length} characters in 480 events ${per(ofLogs, 1)}`,
  )

  /** @param {number} count @param {number} turnsOfEach */
  async function fill(count, turnsOfEach) {
    for (let n = 0; n < count; n += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const key = keyOf(`memory ${n + index}`)
          for (let round = 0; round < turnsOfEach; round += 1) {
            const turn = newTurn()
            await sessions.beginTurn(key, { ...turn, leaseMs: 60_000 })
            await sessions.endTurn(key, turn.leaseId, { agentSessionId: crypto.randomUUID(), outcome: 'done' })
          }
        }),
      )
    }
  }
}

import { type AgentSessionStore, runTurn, statelessDriver, type TabKey } from '../../src/server/index.js'

/** How long a lease lasts unless the test says otherwise. */
const shortLeaseMs = 2_000

/** An error comes once the lease can no longer be confirmed; the rest is the machine's. */
export const boundMs = shortLeaseMs + 8_000

/** A turn that runs until `finish` is called; `ended` gives its last event, or the error. */
export async function startLongTurn(sessions: AgentSessionStore, key: TabKey, turnId: string, leaseMs = shortLeaseMs) {
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const turn = await runTurn({
    sessions,
    key,
    turnId,
    messageHash: 'hash',
    leaseMs,
    agent: statelessDriver<string>({ textOf: (text) => text }),
    async *run({ signal }) {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      yield 'Hel'
      await Promise.race([finished, aborted])
      if (!signal.aborted) yield 'lo'
    },
  })
  if (!turn.ok) throw new Error(`The turn was refused: ${turn.reason}`)
  const { events } = turn
  const ended = (async () => {
    let last: unknown
    for await (const event of events) last = event
    return last
  })().catch((error: unknown) => error)
  return { finish, ended }
}

/** Begins a turn that nobody runs. */
export function beginTurn(sessions: AgentSessionStore, key: TabKey, turnId: string) {
  return sessions.beginTurn(key, { leaseId: crypto.randomUUID(), leaseMs: 60_000, turnId, messageHash: 'hash' })
}

import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { TabKey } from '../../src/server/index.js'
import type { ServerProcess, Servers, Told } from './turn-server.js'

const hour = 60 * 60 * 1000
const leaseMs = 60_000

/** Sends one turn 50 times to each server, and waits until all but the ones that run have their answer. */
async function sendEverywhere(
  servers: readonly ServerProcess[],
  key: TabKey,
  turnId: string,
): Promise<readonly Told[]> {
  const before = servers.map(({ told }) => told.length)
  for (const { child } of servers) child.send({ sends: 50, key, turnId, leaseMs })
  await Promise.all(servers.map(({ until }, n) => until((told) => told.length >= (before[n] ?? 0) + 50)))
  return servers.flatMap(({ told }, n) => told.slice(before[n], (before[n] ?? 0) + 50))
}

const running = (told: readonly Told[]) => told.filter((what) => what.running !== undefined)
const refused = (told: readonly Told[]) => told.filter((what) => what.refused !== undefined)

/** How many of the sends were under way at the same time as one that went to the other server. */
function overlapping(servers: readonly ServerProcess[]): number {
  const [mine = [], theirs = []] = servers.map(({ told }) => told.filter(({ from }) => from !== undefined))
  const meets = (a: Told, b: Told) => (a.from ?? 0) <= (b.at ?? 0) && (b.from ?? 0) <= (a.at ?? 0)
  return (
    mine.filter((a) => theirs.some((b) => meets(a, b))).length +
    theirs.filter((a) => mine.some((b) => meets(a, b))).length
  )
}

/** What holds for servers that share nothing but the database: processes of their own, on what was built. */
export function twoServers(openServers: () => Promise<Servers>): void {
  describe('one turn that is sent 100 times to two servers', () => {
    it('runs once; repeated after its end, after a restart and 2 h later it runs no second time, and gives its outcome', async () => {
      const { newKey, start, sessions, age } = await openServers()
      const key = newKey()
      const turnId = crypto.randomUUID()
      const servers = [await start(), await start()]
      const told = await sendEverywhere(servers, key, turnId)
      expect(told.filter(({ failed }) => failed !== undefined)).toEqual([])
      expect([running(told).length, refused(told).length]).toEqual([1, 99])
      expect(refused(told).every((what) => what.refused === 'repeated' && what.state === 'running')).toBe(true)
      for (const server of servers) expect(refused(server.told).length).toBeGreaterThan(0)
      expect(overlapping(servers)).toBeGreaterThanOrEqual(50)

      for (const { child } of servers) child.send({ finish: true })
      const winner = servers.find((server) => running(server.told).length > 0)
      await winner?.until((told) => told.some(({ ended }) => ended === 'done'))
      const [first] = running(told)
      expect(await sessions.get(key)).toBe(first?.running)

      const later = async (servers: readonly ServerProcess[]) => {
        const told = await sendEverywhere(servers, key, turnId)
        expect(told.every((what) => what.refused === 'repeated' && what.state === 'done')).toBe(true)
      }
      await later(servers)
      for (const { child } of servers) child.kill('SIGKILL')
      const restarted = [await start(), await start()]
      await later(restarted)
      await age(key, 2 * hour)
      await later(restarted)
      expect(await sessions.getTurn(key, turnId)).toMatchObject({ state: 'done' })
    })

    it('runs no second time when the server that ran it was killed: its outcome is `interrupted`', async () => {
      const { newKey, start, age } = await openServers()
      const key = newKey()
      const turnId = crypto.randomUUID()
      const servers = [await start(), await start()]
      await sendEverywhere(servers, key, turnId)
      const winner = servers.find((server) => running(server.told).length > 0)
      winner?.child.kill('SIGKILL')
      await once(winner?.child ?? process, 'exit')
      const next = await start()
      const rest = [...servers.filter((server) => server !== winner), next]
      const while_ = await sendEverywhere(rest, key, turnId)
      expect(while_.every((what) => what.refused === 'repeated' && what.state === 'running')).toBe(true)
      await age(key, leaseMs)
      const after = await sendEverywhere(rest, key, turnId)
      expect(after.every((what) => what.refused === 'repeated' && what.state === 'interrupted')).toBe(true)
      // Another attempt at the same message is another turn, and runs.
      const again = await sendEverywhere(rest, key, crypto.randomUUID())
      expect(running(again)).toHaveLength(1)
    })
  })

  describe('different turns of one conversation that are sent to two servers at once', () => {
    it('run one at a time: one begins, the others get a time to retry', async () => {
      const { newKey, start } = await openServers()
      const key = newKey()
      const servers = [await start(), await start()]
      for (const { child } of servers) child.send({ sends: 50, key, leaseMs }) // each send mints its own turn id
      await Promise.all(servers.map(({ until }) => until((told) => told.length === 50)))
      const told = servers.flatMap((server) => server.told)
      expect([running(told).length, refused(told).length]).toEqual([1, 99])
      expect(refused(told).every((what) => what.refused === 'busy' && (what.retryAfterMs ?? 0) > 0)).toBe(true)
    })
  })

  describe('a stop that another server asks for', () => {
    it('reaches the agent within two seconds, keeps the stored session, and touches no later turn', async () => {
      const { newKey, start, sessions } = await openServers()
      const key = newKey()
      await sessions.set(key, 'before')
      const [runs, asks] = [await start(), await start()]
      const turnId = crypto.randomUUID()
      runs.child.send({ sends: 1, key, turnId, leaseMs })
      await runs.until((told) => running(told).length === 1)

      asks.child.send({ stop: turnId, key })
      await runs.until((told) => told.some(({ ended }) => ended !== undefined))
      const [asked] = asks.told
      const aborted = runs.told.find((what) => what.aborted)
      expect(asked).toMatchObject({ stopping: true })
      expect((aborted?.at ?? Number.POSITIVE_INFINITY) - (asked?.at ?? 0)).toBeLessThan(2_000)
      expect(runs.told.at(-1)).toMatchObject({ ended: 'stopped' })
      expect(await sessions.get(key)).toBe('before')
      expect(await sessions.getTurn(key, turnId)).toMatchObject({ state: 'stopped' })

      const nextTurn = crypto.randomUUID()
      runs.child.send({ sends: 1, key, turnId: nextTurn, leaseMs })
      await runs.until((told) => running(told).length === 2)
      asks.child.send({ stop: turnId, key })
      await asks.until((told) => told.length === 2)
      expect(asks.told.at(-1)).toMatchObject({ stopping: false })
      runs.child.send({ finish: true })
      await runs.until((told) => told.at(-1)?.ended !== undefined && told.at(-1)?.ended !== 'stopped')
      expect(await sessions.getTurn(key, nextTurn)).toMatchObject({ state: 'done' })
    })
  })

  describe('a server that is killed in the middle of a turn', () => {
    it('frees the tab key when its lease ends, and what is left of it changes nothing any more', async () => {
      const { newKey, start, sessions } = await openServers()
      const key = newKey()
      await sessions.set(key, 'before')
      const { child, until } = await start()
      child.send({ sends: 1, key, leaseMs: 3_000 })
      await until((told) => running(told).length === 1)
      child.kill('SIGKILL')
      await once(child, 'exit')

      const next = { leaseId: crypto.randomUUID(), leaseMs: 60_000, turnId: crypto.randomUUID(), messageHash: 'hash' }
      let begun = await sessions.beginTurn(key, next)
      expect(begun).toMatchObject({ ok: false, turn: { state: 'running' } })
      while (!begun.ok) begun = await sessions.beginTurn(key, next)
      expect(begun).toEqual({ ok: true, agentSessionId: 'before', expired: false })
      expect(await sessions.endTurn(key, next.leaseId, { agentSessionId: 'after', outcome: 'done' })).toBe(true)
      expect(await sessions.get(key)).toBe('after')
    })
  })

  describe('a server that stands still for longer than its lease', () => {
    it('notices that it lost it, and what it does then touches neither the next turn nor the stored session', async () => {
      const { newKey, start, sessions } = await openServers()
      const key = newKey()
      await sessions.set(key, 'before')
      const holder = await start()
      const turnId = crypto.randomUUID()
      holder.child.send({ sends: 1, key, turnId, leaseMs: 2_000 })
      await holder.until((told) => running(told).length === 1)
      holder.child.kill('SIGSTOP')

      const next = { leaseId: crypto.randomUUID(), leaseMs: 60_000, turnId: crypto.randomUUID(), messageHash: 'hash' }
      let begun = await sessions.beginTurn(key, next)
      while (!begun.ok) begun = await sessions.beginTurn(key, next)
      holder.child.kill('SIGCONT')
      // It asks its agent to end, and the agent ends well: too late.
      holder.child.send({ finish: true })
      await holder.until((told) => told.some(({ failed }) => failed !== undefined))
      expect(holder.told.find(({ failed }) => failed !== undefined)).toMatchObject({ code: 'lease-lost' })
      expect(holder.told.some(({ ended }) => ended !== undefined)).toBe(false)
      expect(await sessions.get(key)).toBe('before')
      expect(await sessions.getTurn(key)).toMatchObject({ turnId: next.turnId, state: 'running' })
      expect(await sessions.getTurn(key, turnId)).toMatchObject({ state: 'interrupted' })
      expect(await sessions.endTurn(key, next.leaseId, { agentSessionId: 'after', outcome: 'done' })).toBe(true)
      expect(await sessions.get(key)).toBe('after')
    })
  })
}

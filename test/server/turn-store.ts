import type { AgentSessionStore } from '../../src/server/agent-session-store.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { never } from './scripted-agent.js'
import { expiryMs } from './turn-plan.js'
import { key, probeTurn } from './turn-setup.js'
import { checkLease, isLive, meet, type Run, type Turn, type World } from './turn-world.js'

/** The store that all processes share. */
export interface SharedStore {
  /** As one process reaches it. */
  of(turn: Turn): AgentSessionStore
  /** What the app does beside its turns. */
  deleteKey(): Promise<void>
  isFree(): Promise<boolean>
}

export function createSharedStore(world: World): SharedStore {
  const { clock, given, refused, runs, turns, wrong } = world
  const memory = memoryAgentSessions({ clock, expiryMs })
  const hasRunOut = (turn: Turn) => !turn.isRead && !turn.isCutOff && turn.leaseUntil <= clock.now()
  const pause = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms))

  /** One call: what its result means as it takes effect, and as the turn is told of it. */
  async function call<R>(
    turn: Turn,
    run: () => Promise<R>,
    { applied, told }: { readonly applied?: (result: R) => void; readonly told?: (result: R) => void },
  ): Promise<R> {
    const answer = turn.store.shift() ?? 'at once'
    if (answer !== 'at once') turn.isDisturbed = true
    const arrived = () => new Promise<void>((resolve) => turn.process.reach(resolve))
    if (answer === 'taking effect late') await pause(12_000)
    if (answer === 'down') {
      await arrived()
      throw new Error('the store is down')
    }
    // Called in one go, so that nothing comes between.
    const [before, result, after] = await Promise.all([memory.get(key), run(), memory.get(key)])
    if (before !== undefined && before !== after && !refused.has(before)) wrong.push(`${before} was lost`)
    if (after !== undefined && !given.has(after)) wrong.push(`${after} was stored, which the agent never gave`)
    applied?.(result)
    if (answer === 'done, but never answered') return never
    if (answer === 'answering late') {
      meet(world, 'store answered late')
      await pause(25_000)
    }
    await arrived()
    if (answer === 'done, but the answer is lost') {
      meet(world, 'store lost its answer')
      throw new Error('the connection broke')
    }
    told?.(result)
    return result
  }

  function hold(turn: Turn, leaseMs: number): void {
    turn.leaseUntil = clock.now() + leaseMs
    clock.setTimeout(() => checkLease(world, turn), leaseMs + 1)
  }

  /** A turn that was told that the key is another's has no agent any more. */
  function refuse(turn: Turn): void {
    turn.isRefused = true
    clock.setTimeout(() => {
      if (runs.some((run) => run.turn === turn && isLive(run))) wrong.push(`turn ${turn.number} was refused and runs`)
    }, 1)
  }

  return {
    of: (turn) => ({
      ...memory,
      beginTurn(asked, lease) {
        // The one call that the turn itself does not bound.
        if (turn.store[0] === 'done, but never answered') turn.store[0] = 'taking effect late'
        const sentAt = clock.now()
        return call(turn, () => memory.beginTurn(asked, lease), {
          applied(begun) {
            if (!begun.ok) return
            turn.begun = { stored: begun.agentSessionId, isExpired: begun.expired }
            for (const other of turns.filter((one) => one !== turn && hasRunOut(one))) {
              meet(world, 'lease taken after it ran out')
              other.isDisturbed = true
            }
            hold(turn, lease.leaseMs)
          },
          told(begun) {
            if (begun.ok) turn.confirmedUntil = sentAt + lease.leaseMs
          },
        })
      },
      renewTurn(asked, leaseId, leaseMs) {
        const sentAt = clock.now()
        return call(turn, () => memory.renewTurn(asked, leaseId, leaseMs), {
          applied: (isHeld) => isHeld && hold(turn, leaseMs),
          told(isHeld) {
            if (isHeld) turn.confirmedUntil = Math.max(turn.confirmedUntil, sentAt + leaseMs)
            else refuse(turn)
          },
        })
      },
      clearStale(asked, leaseId, expected) {
        return call(turn, () => memory.clearStale(asked, leaseId, expected), {
          told: (isHeld) => isHeld || refuse(turn),
        })
      },
      endTurn(asked, leaseId, end) {
        turn.hasEnded = true
        checkId(world, turn, end.agentSessionId)
        return call(turn, () => memory.endTurn(asked, leaseId, end), {
          told: (isHeld) => isHeld || refuse(turn),
        })
      },
    }),
    async deleteKey() {
      await memory.delete(key)
    },
    async isFree() {
      return (await memory.beginTurn(key, probeTurn)).ok
    },
  }
}

/** Whether a turn that ends gives the store the id that it has to, and no other: never one of an error result. */
function checkId({ runs, wrong }: World, turn: Turn, id: string | undefined): void {
  const run = runs.filter((one) => one.turn === turn).at(-1)
  const name = `turn ${turn.number}`
  if (id !== undefined) {
    if (run?.sessionId !== id) wrong.push(`${name} kept ${id}, not the id of the session that answered`)
    else if (!run.hasSucceeded && !isCutShort(run)) wrong.push(`${name} kept ${id}, which is of no use`)
  } else if (run && mustKeep(turn, run)) wrong.push(`${name} did not keep ${run.sessionId}`)
}

/** It has put something out, and was stopped before it gave a result. */
function isCutShort(run: Run): boolean {
  return run.hasAnswered && run.request.signal.aborted && !run.hasCrashed && run.result !== 'failure'
}

function mustKeep({ seen }: Turn, run: Run): boolean {
  const heard = (type: string) => seen.some((event) => event.type === 'message' && event.message.type === type)
  if (heard('ok') || (run.hasSucceeded && run.isReadToTheEnd)) return true
  return isCutShort(run) && heard('text')
}

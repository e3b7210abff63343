import { isLeftoffError } from '../../src/core/error.js'
import type { TurnEvent } from '../../src/core/turn-event.js'
import { runTurn } from '../../src/server/run-turn.js'
import { driver, inShort, type Message } from './scripted-agent.js'
import { runAgent } from './turn-agent.js'
import { expiryMs, type Happening, type TurnPlan } from './turn-plan.js'
import { startProcess } from './turn-process.js'
import { key } from './turn-setup.js'
import { createSharedStore, type SharedStore } from './turn-store.js'
import { checkLease, createWorld, isLive, meet, type Run, type Turn, type World } from './turn-world.js'

/**
 * Lets it all happen to one conversation, turns running into each other, and gives what went wrong: an id that was lost
 * though its agent did not say that it is stale, something said twice, context lost in silence, two runs at a time, a
 * run without its lease, a key that stays taken.
 */
export async function live(happenings: readonly Happening[]): Promise<World> {
  const world = createWorld()
  const { clock, turns, runs, transcripts, wrong } = world
  const store = createSharedStore(world)
  const isRunning = (turn: Turn) => runs.some((run) => run.turn === turn && isLive(run))

  for (const happening of happenings) {
    const last = turns.at(-1)
    if (happening.type === 'turn') void read(world, store, happening.plan)
    else if (happening.type === 'transcripts lost') {
      // Not under a run: the SDK then goes on with half a transcript, which no one can tell.
      const used = new Set(runs.filter(({ isOver }) => !isOver).map(({ sessionId }) => sessionId))
      for (const id of [...transcripts.keys()].filter((id) => !used.has(id))) transcripts.delete(id)
    } else if (happening.type === 'last process killed') {
      if (last && isRunning(last)) meet(world, 'process killed in mid-turn')
      if (last) last.isDisturbed = true
      last?.process.kill()
    } else if (happening.type === 'last process sleeps') {
      if (last) last.isDisturbed = true
      const wasRunning = last && isRunning(last)
      last?.process.sleep(happening.sleepMs, () => {
        if (wasRunning && clock.now() > last.leaseUntil) meet(world, 'process slept past its lease')
        checkLease(world, last)
      })
    } else if (happening.type === 'key deleted') {
      if (turns.some(isRunning)) meet(world, 'key deleted in mid-turn')
      for (const turn of turns) turn.isCutOff = turn.isDisturbed = true
      world.epoch += 1
      await store.deleteKey()
    } else {
      world.epoch += 1
      await clock.advance(expiryMs)
    }
    await clock.advance(happening.thenMs)
  }

  await clock.advance(500_000) // longer than the slowest turn
  const isAbandoned = ({ turn, isOver }: Run) => !isOver && turn.process.state === 'running'
  for (const { turn } of runs.filter(isAbandoned))
    if (!turn.plan.manner.startsWith('falls silent')) wrong.push(`the agent of turn ${turn.number} was left unfinished`)
  if (!runs.some(isLive) && !(await store.isFree())) wrong.push('the key leaked')
  await store.deleteKey() // ends the turns whose agent is silent
  await clock.advance(200_000)
  for (const turn of turns) {
    if (!turn.isRead && turn.process.state !== 'dead') wrong.push(`turn ${turn.number} never ended`)
    if (!turn.isDisturbed && hasToSucceed(turn.plan) && turn.seen.at(-1)?.type !== 'done')
      wrong.push(`turn ${turn.number} did not succeed: ${inShort(turn.seen).join(', ')}`)
    if (!inOrder(turn.seen)) wrong.push(`turn ${turn.number}: ${inShort(turn.seen).join(', ')}`)
  }
  if (runs.some(isLive)) wrong.push('an agent runs for nobody')
  return world
}

function hasToSucceed({ firstWord, manner }: TurnPlan): boolean {
  return firstWord === 'init' && (manner.startsWith('answers') || manner === 'streams again')
}

/** One turn and its reader, in a process of its own. */
async function read(world: World, store: SharedStore, plan: TurnPlan): Promise<void> {
  const process = startProcess(world.clock)
  const before = plan.isRepeat ? world.turns.at(-1) : undefined
  const turn: Turn = {
    number: world.turns.length,
    epoch: world.epoch,
    turnId: before?.turnId ?? `turn-${world.turns.length}`,
    plan,
    process,
    seen: [],
    store: [...plan.store],
    leaseUntil: 0,
    confirmedUntil: 0,
    isRefused: false,
    isForgotten: false,
    isCutOff: false,
    hasLeft: false,
    hasEnded: false,
    isDisturbed: false,
    isRead: false,
  }
  world.turns.push(turn)
  const pause = (ms: number) => (ms === 0 ? undefined : new Promise<void>((go) => process.clock.setTimeout(go, ms)))
  const client = new AbortController()
  try {
    const begun = await runTurn<Message>({
      sessions: store.of(turn),
      key,
      agent: driver,
      turnId: turn.turnId,
      run: (request) => runAgent(world, turn, request),
      hasHistory: async () => {
        await pause(plan.historyMs)
        return world.hasHistory
      },
      ...(plan.point !== 'none' && { resumeAt: 'p' }),
      // All that is left to tell a user who was not there.
      onRecovery: ({ attempted }) => turn.hasLeft && attempted === 'fresh' && forget(world),
      onDisconnect: plan.onDisconnect,
      signal: client.signal,
      clock: process.clock,
    })
    if (!begun.ok) {
      turn.isDisturbed = true
      const { retryAfterMs, reason, turn: other } = begun
      const isRunning = other.state === 'running'
      if (reason === 'repeated') meet(world, 'repeat of a turn that has run')
      else meet(world, 'busy')
      if (reason === 'busy' && !isRunning)
        world.wrong.push(`turn ${turn.number} is kept out by one that is ${other.state}`)
      if (isRunning ? !(retryAfterMs > 0 && retryAfterMs <= 2_000) : retryAfterMs !== 0)
        world.wrong.push(`retry after ${retryAfterMs} ms`)
      return
    }
    if (before) meet(world, 'repeat of a turn that never ran')
    await pause(plan.firstPullMs)
    const events = begun.events[Symbol.asyncIterator]()
    const leave = () => {
      if (turn.isRead) return
      if (plan.leavesBy === 'signal') client.abort()
      else void events.return?.()
      noteLeaving(world, turn)
    }
    process.clock.setTimeout(leave, plan.leavesAtMs)
    for (;;) {
      const { done, value } = await events.next()
      if (done) break
      hear(world, turn, value)
      if (turn.seen.length === plan.leavesAfter) {
        leave()
        break
      }
    }
  } catch (error) {
    // The other errors that a turn throws are for other tests.
    if (!isLeftoffError(error, 'lease-lost')) return
    meet(world, turn.isRefused ? 'lease lost by a refusal' : 'lease lost by its deadline')
    const isEarly = !turn.isRefused && world.clock.now() < turn.confirmedUntil
    if (isEarly) world.wrong.push(`turn ${turn.number} gave its lease up too early`)
  } finally {
    turn.isRead = true
  }
}

function noteLeaving(world: World, turn: Turn): void {
  turn.hasLeft = turn.isDisturbed = true
  const run = world.runs.filter((one) => one.turn === turn).at(-1)
  if (!run || run.isOver) return
  if (turn.plan.onDisconnect === 'continue') {
    meet(world, 'read on without a reader')
    return
  }
  if (isLive(run)) world.wrong.push(`the agent of turn ${turn.number} works on for a reader who left`)
  if (run.result === 'failure') meet(world, 'error result, then cut short')
  else if (run.hasAnswered) meet(world, 'cut short after output')
}

/** The app and its user: what they are told, against what they believed. */
function hear(world: World, turn: Turn, event: TurnEvent<Message>): void {
  const { believed, runs, wrong } = world
  const { number, seen } = turn
  seen.push(event)
  if (turn.hasLeft) wrong.push(`turn ${number} told a reader who had left`)
  if (event.type === 'done' && !turn.isForgotten) believed.add(number)
  const run = runs.filter((one) => one.turn === turn).at(-1)
  if (event.type === 'started' && event.resumed !== (run?.request.resume !== undefined && !run.isRefused))
    wrong.push(`turn ${number} started, resumed: ${event.resumed}`)
  if (event.type === 'recovered') {
    if (event.contextLost) forget(world)
    if (event.reason === 'expired' || event.reason === 'unknown') meet(world, event.reason)
    if (event.reason !== reasonOf(turn, run)) wrong.push(`turn ${number} recovered as ${event.reason}`)
  }
  if (event.type !== 'message' || event.message.type !== 'text') return
  const text = event.message.text
  if (inShort(seen).filter((short) => short === text).length > 1) wrong.push(`${text} was said twice`)
  if (world.saidLate.has(text)) wrong.push(`${text} was said without the lease`)
  if (run?.number !== Number.parseInt(text, 10)) return void wrong.push(`${text} is not of turn ${number}`)
  // A turn that was cut off may speak beside the next one, of which it cannot know.
  for (const told of turn.isCutOff ? [] : believed)
    if (!run.knew.has(told)) wrong.push(`turn ${number} forgot ${told} in silence`)
  world.hasHistory = true
}

/** The user knows that the agent starts anew, also without what is answered already and not yet told to be done. */
function forget({ believed, runs }: World): void {
  believed.clear()
  for (const { turn, hasSucceeded } of runs) if (hasSucceeded) turn.isForgotten = true
}

/** Why a turn has to recover, by all that was said to it so far. */
function reasonOf({ begun, plan }: Turn, run: Run | undefined): string | undefined {
  if (begun?.stored === undefined) return begun?.isExpired ? 'expired' : 'unknown'
  // One that answers from another session shows it; one that does not know the session gives no id.
  if (run?.isRefused) return run.sessionId === undefined ? 'stale' : 'changed'
  return plan.point === 'gone' ? 'stale-point' : undefined
}

/** `recovered` at any time, `started` once, messages, one end. */
function inOrder(events: readonly TurnEvent<Message>[]): boolean {
  const kinds = events.map(({ type }) => type).join(' ')
  const others = kinds.replaceAll('recovered', '').trim().replaceAll(/ +/g, ' ')
  return /^(message |discard )*(started )?(message |discard )*(done |stopped )?$/.test(
    others === '' ? '' : `${others} `,
  )
}

import type { Clock } from '../../src/core/clock.js'
import type { TurnEvent } from '../../src/core/turn-event.js'
import type { AgentSessionStore } from '../../src/server/agent-session-store.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { runTurn } from '../../src/server/run-turn.js'
import type { AgentRequest } from '../../src/server/turn-options.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { driver, inShort, type Message, never, untilAborted } from './scripted-agent.js'
import type { Happening, TurnPlan } from './turn-plan.js'
import { key } from './turn-setup.js'

/** One run of the agent. */
interface Run {
  readonly turn: number
  readonly request: AgentRequest
  /** The turns that its session knew of when it began. */
  knew: ReadonlySet<number>
  sessionId?: string
  hasAnswered: boolean
  isOver: boolean
  /** The key was deleted from outside: it may go on until its next heartbeat. */
  isExcused: boolean
}

/** One turn, in a server process of its own. */
interface Turn {
  readonly plan: TurnPlan
  readonly seen: TurnEvent<Message>[]
  isDead: boolean
  /** The reader has left, or was told the end. */
  isRead: boolean
}

/**
 * Lets it all happen to one conversation, turns running into each other, and gives what went wrong: an id that was lost
 * though its agent did not say that it is stale, something said twice, context lost in silence, two runs at a time, a
 * key that stays taken.
 */
export async function live(happenings: readonly Happening[]): Promise<readonly string[]> {
  const wrong: string[] = []
  const clock = manualClock()
  const memory = memoryAgentSessions({ clock })
  const turns: Turn[] = []
  const runs: Run[] = []
  /** The agent's memory: the turns that each of its sessions was told. */
  const transcripts = new Map<string, ReadonlySet<number>>()
  /** Ids that the agent gave in a message other than an error. */
  const given = new Set<string>()
  /** Ids of which the agent said that it does not know them, or which it answered from another session. */
  const refused = new Set<string>()
  /** The turns of which the user believes that the agent knows them. */
  const believed = new Set<number>()
  let hasHistory = false

  const isLive = ({ turn, request, isOver }: Run) => !isOver && !request.signal.aborted && !turns[turn]?.isDead

  /** Time as a process has it that may be killed: it runs nothing any more. */
  const clockOf = (turn: Turn): Clock => ({
    ...clock,
    setTimeout: (run, ms) => clock.setTimeout(() => turn.isDead || run(), ms),
  })

  /** The store as one process reaches it. */
  function storeOf(turn: Turn): AgentSessionStore {
    const answers = [...turn.plan.store]
    const reach =
      <Request extends unknown[], Result>(verb: (...request: Request) => Promise<Result>) =>
      async (...request: Request): Promise<Result> => {
        const answer = answers.shift() ?? 'at once'
        if (answer === 'slowly') await new Promise<void>((resolve) => clock.setTimeout(resolve, 12_000))
        if (turn.isDead) return never
        if (answer === 'down') throw new Error('the store is down')
        // Called in one go, so that nothing comes between.
        const [before, result, after] = await Promise.all([memory.get(key), verb(...request), memory.get(key)])
        if (before !== undefined && before !== after && !refused.has(before)) wrong.push(`${before} was lost`)
        if (after !== undefined && !given.has(after)) wrong.push(`${after} was stored, which the agent never gave`)
        if (answer === 'done, but the answer is lost') throw new Error('the connection broke')
        return turn.isDead ? never : result
      }
    return {
      ...memory,
      beginTurn: reach(memory.beginTurn),
      renewTurn: reach(memory.renewTurn),
      clearStale: reach(memory.clearStale),
      endTurn: reach(memory.endTurn),
    }
  }

  async function* runAgent(index: number, request: AgentRequest): AsyncGenerator<Message, void> {
    const turn = turns[index]
    if (!turn) return
    const earlier = runs.filter((run) => run.turn === index)
    if (earlier.some(({ hasAnswered }) => hasAnswered)) wrong.push(`turn ${index} ran again after output`)
    if (earlier.length > 2) wrong.push(`turn ${index} ran ${earlier.length + 1} times`)
    if (runs.some((run) => isLive(run) && !run.isExcused)) wrong.push(`turn ${index} ran beside another`)
    const number = runs.length
    const run: Run = {
      turn: index,
      request,
      knew: new Set(),
      hasAnswered: false,
      isOver: false,
      isExcused: false,
    }
    runs.push(run)
    const say = (part: string): Message => {
      run.hasAnswered = true
      return { type: 'text', text: `${number}: ${part}` }
    }
    try {
      yield* follow(turn, run, say)
    } finally {
      run.isOver = true
    }
  }

  async function* follow(turn: Turn, run: Run, say: (part: string) => Message): AsyncGenerator<Message, void> {
    const { plan } = turn
    const { resume, resumeAt, signal, onStderr } = run.request
    const pause = (ms: number) =>
      ms === 0
        ? undefined
        : Promise.race([
            new Promise((resolve) => clockOf(turn).setTimeout(() => resolve(undefined), ms)),
            untilAborted(run.request),
          ])

    if (resume !== undefined && !transcripts.has(resume)) {
      refused.add(resume)
      return yield* refuse(`no session ${resume}`)
    }
    if (resumeAt !== undefined && plan.point === 'gone') return yield* refuse(`no point ${resumeAt}`)
    if (plan.firstWord === '503' || plan.firstWord === 'timeout') throw new Error(plan.firstWord)
    if (plan.firstWord === 'stale text of another') return yield { type: 'error', says: 'no session s99' }
    if (plan.firstWord === 'stale text with more around it')
      return yield { type: 'error', id: 'random', says: `API: no session ${resume}` }
    if (plan.firstWord === 'nothing') return
    if (plan.firstWord === 'note, then stale text') {
      yield { type: 'note' }
      throw new Error(`no session ${resume}`)
    }

    const isOther = resume === undefined || plan.manner === 'answers from another session'
    const id = isOther ? `s${runs.length}` : resume
    if (resume !== undefined && isOther) refused.add(resume)
    run.sessionId = id
    run.knew = transcripts.get(id) ?? run.knew
    transcripts.set(id, new Set([...run.knew, run.turn]))
    given.add(id)
    yield { type: 'init', id }
    await pause(plan.pauseMs)
    if (plan.manner === 'streams again') {
      yield say('half')
      yield { type: 'retry' }
    }
    yield say('one')
    await pause(plan.pauseMs)
    switch (plan.manner) {
      case 'fails':
        throw new Error('503')
      case 'says what a stale session would':
        throw new Error(`no session ${id}`)
      case 'ends with an error result':
        return yield { type: 'error', id: 'random', says: `no session ${id}` }
      case 'ends without a result':
        return
      case 'falls silent':
        return untilAborted(run.request)
      case 'falls silent and deaf':
        return never
      default:
        yield say('two')
        signal.throwIfAborted()
        yield { type: 'ok', id }
    }

    async function* refuse(says: string): AsyncGenerator<Message, void> {
      await pause(plan.pauseMs)
      run.isOver = true // all that can follow is the same once more
      if (plan.refusal === 'on stderr') onStderr(says)
      if (plan.refusal.startsWith('result')) yield { type: 'error', id: 'random', says }
      if (plan.refusal !== 'result') throw new Error(plan.refusal === 'on stderr' ? 'exit 1' : says)
    }
  }

  /** The app and its user: what they are told, against what they believed. */
  function hear(index: number, event: TurnEvent<Message>): void {
    const seen = turns[index]?.seen ?? []
    seen.push(event)
    if (event.type === 'done') believed.add(index)
    if (event.type === 'recovered' && event.contextLost) believed.clear()
    if (event.type !== 'message' || event.message.type !== 'text') return
    const text = event.message.text
    if (inShort(seen).filter((short) => short === text).length > 1) wrong.push(`${text} was said twice`)
    const run = runs[Number.parseInt(text, 10)]
    if (run?.turn !== index) return void wrong.push(`${text} is not of turn ${index}`)
    const isTold = seen.some((one) => one.type === 'recovered' && one.contextLost)
    if (isTold && run.request.resume === run.sessionId) wrong.push(`turn ${index} told of a loss that there was not`)
    for (const turn of believed) if (!run.knew.has(turn)) wrong.push(`turn ${index} forgot ${turn} in silence`)
    hasHistory = true
  }

  async function read(index: number, turn: Turn): Promise<void> {
    const { plan } = turn
    const client = new AbortController()
    try {
      const begun = await runTurn<Message>({
        sessions: storeOf(turn),
        key,
        agent: driver,
        run: (request) => runAgent(index, request),
        hasHistory: async () => hasHistory,
        ...(plan.point !== 'none' && { resumeAt: 'p' }),
        onDisconnect: plan.onDisconnect,
        signal: client.signal,
        clock: clockOf(turn),
      })
      if (!begun.ok) {
        if (!(begun.retryAfterMs > 0 && begun.retryAfterMs <= 2_000)) wrong.push(`retry after ${begun.retryAfterMs} ms`)
        return
      }
      const events = begun.events[Symbol.asyncIterator]()
      for (;;) {
        const { done, value } = await events.next()
        if (done) break
        hear(index, value)
        if (turn.seen.length !== plan.leavesAfter) continue
        if (plan.leavesBy === 'signal') client.abort()
        else await events.return?.()
        break
      }
    } catch {
      // What the turn throws is for other tests.
    } finally {
      turn.isRead = true
    }
  }

  for (const happening of happenings) {
    if (happening.type === 'turn') {
      const turn: Turn = { plan: happening.plan, seen: [], isDead: false, isRead: false }
      turns.push(turn)
      void read(turns.length - 1, turn)
    } else if (happening.type === 'transcripts lost') {
      // Not under a run: the SDK then goes on with half a transcript, which no one can tell.
      const used = new Set(runs.filter(isLive).map(({ sessionId }) => sessionId))
      for (const id of [...transcripts.keys()].filter((id) => !used.has(id))) transcripts.delete(id)
    } else if (happening.type === 'last process killed') {
      const last = turns.at(-1)
      if (last) last.isDead = true
    } else if (happening.type === 'key deleted') {
      await memory.delete(key)
      for (const run of runs) run.isExcused = true
    } else await clock.advance(24 * 60 * 60 * 1000)
    await clock.advance(happening.thenMs)
  }

  await clock.advance(200_000)
  if (!runs.some(isLive) && !(await memory.beginTurn(key, { leaseId: 'probe', leaseMs: 1 })).ok)
    wrong.push('the key leaked')
  await memory.delete(key) // ends the turns whose agent is silent
  await clock.advance(200_000)
  turns.forEach((turn, index) => {
    if (!turn.isRead && !turn.isDead) wrong.push(`turn ${index} never ended`)
    if (!inOrder(turn.seen)) wrong.push(`turn ${index}: ${inShort(turn.seen).join(', ')}`)
  })
  if (runs.some(isLive)) wrong.push('an agent runs for nobody')
  return wrong
}

/** `recovered`?, `started`, messages, `done`. */
function inOrder(events: readonly TurnEvent<Message>[]): boolean {
  const kinds = events.map(({ type }) => type).join(' ')
  return /^(recovered( |$))?(started( message| discard)*( done)?)?$/.test(kinds)
}

import type { AgentRequest } from '../../src/server/turn-options.js'
import { type Message, never, untilAborted } from './scripted-agent.js'
import { isLive, meet, type Run, stopMs, type Turn, type World } from './turn-world.js'

/** One run of the agent, as its turn's plan has it. */
export async function* runAgent(world: World, turn: Turn, request: AgentRequest): AsyncGenerator<Message, void> {
  const run = begin(world, turn, request)
  try {
    yield* follow(world, run)
    run.isReadToTheEnd = true
  } finally {
    run.isOver = true
  }
}

function begin(world: World, turn: Turn, request: AgentRequest): Run {
  const { clock, runs, wrong } = world
  const name = `turn ${turn.number}`
  const earlier = runs.filter((run) => run.turn === turn)
  if (earlier.some(({ hasAnswered }) => hasAnswered)) wrong.push(`${name} ran again after output`)
  // Once the store may have forgotten either of them, it may let both run.
  const isRemembered = (one: Turn) => one.epoch === world.epoch
  const repeated = runs.find(
    (run) => run.turn !== turn && run.turn.turnId === turn.turnId && isRemembered(run.turn) && isRemembered(turn),
  )
  if (repeated) wrong.push(`${name} ran again what turn ${repeated.turn.number} had run`)
  if (earlier.length > 2) wrong.push(`${name} ran ${earlier.length + 1} times`)
  if (turn.hasLeft && turn.plan.onDisconnect === 'abort') wrong.push(`${name} ran for a reader who had left`)
  if (clock.now() > turn.leaseUntil) wrong.push(`${name} ran without its lease`)
  for (const other of turn.isCutOff ? [] : runs.filter((run) => run.turn !== turn && !run.turn.isCutOff)) {
    if (isLive(other)) wrong.push(`${name} ran beside turn ${other.turn.number}`)
    // Its turn gave the key back though it still works: two runs of one session lose messages.
    const isStopping = other.stoppedAt !== undefined && !other.isOver && other.turn.process.state === 'running'
    if (isStopping && clock.now() < Math.min(Number(other.stoppedAt) + stopMs, other.turn.leaseUntil))
      wrong.push(`${name} ran while the agent of turn ${other.turn.number} was about to stop`)
  }
  const run: Run = {
    number: runs.length,
    turn,
    request,
    knew: new Set(),
    isRefused: false,
    hasAnswered: false,
    hasSucceeded: false,
    hasCrashed: false,
    isReadToTheEnd: false,
    isOver: false,
  }
  request.signal.addEventListener('abort', () => {
    run.stoppedAt = clock.now()
    if (turn.process.state === 'running') clock.setTimeout(() => checkEnded(world, turn), stopMs + 1)
  })
  runs.push(run)
  return run
}

/** The next turn waits for an agent that stops, but not forever for a deaf one. */
function checkEnded({ wrong }: World, { number, hasEnded, process }: Turn): void {
  if (!hasEnded && process.state === 'running')
    wrong.push(`turn ${number} keeps the key for an agent that does not stop`)
}

async function* follow(world: World, run: Run): AsyncGenerator<Message, void> {
  const { plan, process } = run.turn
  const { resume, resumeAt, signal, onStderr } = run.request
  const sleep = (ms: number) => new Promise<void>((resolve) => process.clock.setTimeout(resolve, ms))
  const aborted = untilAborted(run.request)
  const pause = (ms: number) => (ms === 0 ? undefined : Promise.race([sleep(ms), aborted]))
  const [firstMs, nextMs, lastMs] = plan.pausesMs

  await pause(firstMs)
  if (resume !== undefined && !world.transcripts.has(resume)) {
    meet(world, 'stale')
    disown(resume)
    return yield* refuse(`no session ${resume}`)
  }
  if (resumeAt !== undefined && plan.point === 'gone') {
    meet(world, 'stale point')
    return yield* refuse(`no point ${resumeAt}`)
  }
  if (plan.firstWord === '503' || plan.firstWord === 'timeout') throw crash(plan.firstWord)
  if (plan.firstWord === 'stale text of another') return yield error('no session s99', resume)
  if (plan.firstWord === 'stale text with more around it') return yield error(`API: no session ${resume}`, resume)
  if (plan.firstWord === 'nothing') {
    run.hasCrashed = true
    return
  }
  if (plan.firstWord === 'note, then stale text') {
    yield { type: 'note' }
    throw crash(`no session ${resume}`)
  }

  const isOther = resume === undefined || plan.manner === 'answers from another session'
  const id = isOther ? `s${run.number}` : resume
  if (resume !== undefined && isOther) {
    meet(world, 'answered from another session')
    disown(resume)
  }
  run.sessionId = id
  run.knew = world.transcripts.get(id) ?? run.knew
  world.transcripts.set(id, new Set([...run.knew, run.turn.number]))
  world.given.add(id)
  yield { type: 'init', id }
  await pause(nextMs)
  if (plan.manner === 'streams again') {
    yield say('half')
    yield { type: 'retry' }
  }
  yield say('one')
  await pause(lastMs)
  switch (plan.manner) {
    case 'crashes':
      throw crash('503')
    case 'says what a stale session would':
      throw crash(`no session ${id}`)
    case 'ends with an error result':
      return yield error(`no session ${id}`, id)
    case 'ends without a result':
      run.hasCrashed = true
      return
    case 'succeeds, then crashes':
      yield succeed()
      throw crash('503')
    case 'succeeds, then ends with an error result':
      yield succeed()
      meet(world, 'error result after a success')
      return yield error('503', id)
    case 'falls silent after an error result':
      yield error('503', id)
      return aborted
    case 'falls silent':
      return aborted
    case 'falls silent and stops slowly':
      await aborted.catch(() => {})
      meet(world, 'stopped slowly')
      return sleep(3_000)
    case 'falls silent and deaf':
      return never
    default:
      yield say('two')
      signal.throwIfAborted()
      yield succeed()
  }

  function disown(id: string): void {
    run.isRefused = true
    world.refused.add(id)
  }

  function say(part: string): Message {
    run.hasAnswered = true
    const text = `${run.number}: ${part}`
    if (world.clock.now() > run.turn.leaseUntil) world.saidLate.add(text)
    return { type: 'text', text }
  }

  function succeed(): Message {
    run.hasSucceeded = true
    run.result = 'success'
    return { type: 'ok', id }
  }

  function error(says: string, own: string | undefined): Message {
    // A turn that has lost its lease takes no message any more.
    if (world.clock.now() < run.turn.confirmedUntil) run.result = 'failure'
    const errorId = plan.errorId === 'random' ? `e${run.number}` : plan.errorId === 'own' ? own : undefined
    if (errorId !== undefined) meet(world, 'error result with an id')
    return { type: 'error', says, ...(errorId !== undefined && { id: errorId }) }
  }

  function crash(says: string): Error {
    run.hasCrashed = true
    return new Error(says)
  }

  async function* refuse(says: string): AsyncGenerator<Message, void> {
    await pause(nextMs)
    run.isOver = true // all that can follow is the same once more
    if (plan.refusal === 'on stderr') onStderr(says)
    if (plan.refusal.startsWith('result')) yield error(says, `r${run.number}`)
    if (plan.refusal !== 'result') throw crash(plan.refusal === 'on stderr' ? 'exit 1' : says)
  }
}

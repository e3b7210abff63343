import type { ResumeAttempt } from '../core/agent-driver.js'
import type { Lease } from './lease.js'
import { agentFailed } from './turn-errors.js'
import type { AgentRequest, AgentRun, TurnOptions } from './turn-options.js'

/** What every run of the agent in one turn shares. */
export interface AttemptContext<M> {
  readonly options: TurnOptions<M>
  readonly lease: Lease
  /** The agent's. */
  readonly signal: AbortSignal
  /** What has to be done before the agent is called. */
  readonly beforeCall?: (() => Promise<void>) | undefined
  /** Told before the agent is called: from then on the turn has started. */
  readonly onCall: () => void
}

/** A run that has said something. */
export interface Attempt<M> {
  /** What was read to find out what kind of run this is. */
  readonly first: readonly M[]
  /** What follows. */
  readonly messages: AsyncIterator<M>
  /** The session that answers, if the first messages show it. */
  readonly agentSessionId: string | undefined
  /** What the run was asked to resume; missing for a fresh one. */
  readonly asked?: ResumeAttempt
  /** Whether the app said that it answers from a copy of the session. */
  readonly forks: boolean
  /** The session had lost the point at which it was to be resumed. */
  readonly isWithoutPoint?: boolean
}

/** The agent cannot continue from what it was asked to resume. */
export interface Refusal {
  readonly reason: 'stale' | 'stale-point' | 'invalid' | 'unusable'
  /** What the agent gave: a thrown error or a message. */
  readonly evidence: unknown
}

/** Starts a fresh session and reads until the agent says something. */
export async function attemptFresh<M>(context: AttemptContext<M>, summary: string | undefined): Promise<Attempt<M>> {
  const request = summary === undefined ? {} : { context: summary }
  try {
    return await listen(context, { ...request, onStderr: () => {} })
  } catch (error) {
    throw agentFailed(error)
  }
}

/** Resumes a session and reads until it is clear which session answers, or that the agent refuses. */
export async function attemptResume<M>(
  context: AttemptContext<M>,
  asked: { readonly resume: string; readonly resumeAt?: string },
): Promise<Attempt<M> | Refusal> {
  const { agent } = context.options
  const stderr: string[] = []
  let isSilent = true
  const onStderr = (text: string) => {
    if (isSilent) stderr.push(text)
  }
  const refusal = async (evidence: unknown): Promise<Refusal | undefined> => {
    const reason = await agent.classify(evidence, { ...asked, stderr })
    if (reason === 'stale' || reason === 'invalid' || reason === 'unusable') return { reason, evidence }
    return reason === 'stale-point' && asked.resumeAt !== undefined ? { reason, evidence } : undefined
  }

  let attempt: Attempt<M>
  try {
    attempt = { ...(await listen(context, { ...asked, onStderr })), asked: { ...asked, stderr } }
  } catch (error) {
    // What a run says after it was asked to stop is about the stop.
    const refused = context.signal.aborted ? undefined : await refusal(error)
    if (refused) return refused
    throw agentFailed(error, { canStartFresh: true })
  } finally {
    isSilent = false
  }
  const [message] = attempt.first
  const refused = message !== undefined && agent.kindOf(message) === 'failure' ? await refusal(message) : undefined
  if (!refused) return attempt
  // Not waited for: all that can follow is the same refusal once more, as a thrown error.
  void closeQuietly(attempt.messages)
  return refused
}

/** Whether the attempt has shown that the agent refuses. */
export function isRefusal<M>(attempt: Attempt<M> | Refusal): attempt is Refusal {
  return 'evidence' in attempt
}

/** Tells an iterator that no one reads on. Its answer is of no interest, but must not become an unhandled rejection. */
export async function closeQuietly(messages: AsyncIterator<unknown>): Promise<void> {
  try {
    await messages.return?.()
  } catch {
    // It had failed already, or fails because it is stopped.
  }
}

async function listen<M>(context: AttemptContext<M>, request: Omit<AgentRequest, 'signal'>): Promise<Attempt<M>> {
  const { options, signal } = context
  const { agent, run } = options
  assertMayRun(context)
  if (context.beforeCall) {
    await context.beforeCall()
    assertMayRun(context)
  }
  context.onCall()
  const { messages: iterable, forks = false } = runOf(await run({ ...request, signal }))
  const messages = iterable[Symbol.asyncIterator]()
  const first: M[] = []
  let agentSessionId: string | undefined
  // A resumed run may open with messages that do not show which session answers; they wait until one does.
  const mustShowId = request.resume !== undefined && agent.hasNewIdEachTurn !== true
  try {
    for (let isClear = false; !isClear; ) {
      const result = await messages.next()
      if (result.done) break
      first.push(result.value)
      const kind = agent.kindOf(result.value)
      if (mustShowId && kind !== 'failure') agentSessionId = agent.sessionIdOf(result.value) || undefined
      isClear = agentSessionId !== undefined || kind !== 'other' || !mustShowId
    }
  } catch (error) {
    if (first.length === 0) throw error
    // Something was said before it failed: the reader gets that, then the error.
    return { first, messages: { next: () => Promise.reject(error) }, agentSessionId, forks }
  }
  try {
    assertMayRun(context)
  } catch (error) {
    void closeQuietly(messages)
    throw error
  }
  return { first, messages, agentSessionId, forks }
}

function runOf<M>(run: AgentRun<M>): { readonly messages: AsyncIterable<M>; readonly forks?: boolean } {
  return Symbol.asyncIterator in run ? { messages: run } : run
}

/**
 * Asked before the agent is started and before its output is used: in the meantime the reader may have left or the lease
 * been lost.
 */
function assertMayRun({ lease, signal }: Pick<AttemptContext<never>, 'lease' | 'signal'>): void {
  lease.isHeld() // losing it aborts the signal
  signal.throwIfAborted()
}

import type { Clock } from '../core/clock.js'
import { withTimeout } from '../core/clock.js'
import type { ReadingThread } from './read-into-thread.js'
import type { LoadedMessage } from './thread-state.js'
import { withLoaded } from './thread-view.js'

const loadMs = 15_000

/** Loads the messages, within a bound; `undefined` if that failed, or nobody wants them any more. */
export async function loadIntoThread(
  thread: ReadingThread,
  load: (signal: AbortSignal) => Promise<readonly LoadedMessage[]>,
  clock: Clock,
): Promise<readonly LoadedMessage[] | undefined> {
  const loads = thread.state.loads + 1
  thread.state = { ...thread.state, loads }
  const limit = new AbortController()
  try {
    const found = load(AbortSignal.any([thread.left, limit.signal]))
    const messages = await withTimeout(clock, found, loadMs, 'Loading the messages')
    if (thread.left.aborted) return undefined
    const { turns } = thread.state
    thread.state = withLoaded(thread.state, messages, loads)
    for (const turn of turns) if (!thread.state.turns.includes(turn)) thread.forget(turn.turnId)
    return messages
  } catch {
    if (!thread.left.aborted) thread.state = { ...thread.state, hasLoadFailed: !thread.state.loaded }
    return undefined
  } finally {
    limit.abort()
  }
}

import { onTestFinished } from 'vitest'
import { tabKey } from '../core/tab-key.js'
import type { LoggedEvent, TurnLog } from '../server/turn-log.js'

/** What {@link turnLogConformance} needs of a log. */
export interface TurnLogConformance {
  /**
   * An empty log that holds at most `maxTurnBytes` of a turn and keeps it for 5 minutes after its end. Called once for
   * each test.
   */
  readonly open: (options: { readonly maxTurnBytes: number }) => OpenedTurnLog | Promise<OpenedTurnLog>
}

/** A log under test. */
export interface OpenedTurnLog {
  readonly log: TurnLog
  /** The same log as another process has it, if it can be shared: the tests read there. */
  readonly elsewhere?: TurnLog
  /** Lets time pass for the log: moves its clock on, or makes everything in it older. */
  wait(ms: number): void | Promise<void>
}

/** Opens a log for each test. */
export function turnLogHarness({ open }: TurnLogConformance) {
  return async (maxTurnBytes = 8 * 1024 * 1024) => {
    const { log, elsewhere = log, wait } = await open({ maxTurnBytes })
    const read = (turnId: string, after = 0, of = key, signal = endOfTest()) =>
      elsewhere.read(of, turnId, { after, signal })
    /** Whether the turn can be read: by a reader that leaves at once. */
    const holds = async (turnId: string, of = key) => {
      const abort = new AbortController()
      const reader = await elsewhere.read(of, turnId, { after: 0, signal: abort.signal })
      abort.abort()
      return reader !== undefined
    }
    /** All events up to the turn's end. */
    const all = async (turnId: string, after = 0, of = key) => (await collect(await read(turnId, after, of))).flat()
    return { log, wait, read, holds, all }
  }
}

/** What a test gets. */
export type OpenLog = ReturnType<typeof turnLogHarness>

export const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })
export const otherKey = tabKey({ userId: 'u2', workspace: 'demo.alive.best', tabId: 't1' })
export const lastEvent = '{"type":"done"}'
export const retentionMs = 5 * 60_000
/** Real time passes too in a log that has a clock of its own. */
export const margin = 60_000

/** Whatever a text can hold once it is JSON. */
export const events = ['plain', 'é 漢 🙂', 'a\nb\r\u2028\t"\\', '\0\ud800', '', "'; drop table x; --", '$1 ?'].map(
  (text) => JSON.stringify({ type: 'text', text }),
)

/** Events numbered from 1, and the last one. */
export function logged(...texts: readonly string[]): readonly LoggedEvent[] {
  return [...texts, lastEvent].map((event, index) => ({ seq: index + 1, event, last: index === texts.length }))
}

function endOfTest(): AbortSignal {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  return abort.signal
}

export async function collect(reader: AsyncIterable<readonly LoggedEvent[]> | undefined) {
  if (!reader) throw new Error('The log does not hold the turn.')
  const pieces: (readonly LoggedEvent[])[] = []
  for await (const piece of reader) pieces.push(piece)
  return pieces
}

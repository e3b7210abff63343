import type { Clock } from '../../core/clock.js'
import { atMost, inTime, pause } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { LoggedEvent, TurnLog } from '../turn-log.js'

/** Writes a turn into its log, until that fails. The turn continues without it. */
export interface LogWriter {
  /** Whether recording can begin. Never rejects. */
  start(): Promise<void>
  /** Events that follow those before. */
  append(events: readonly LoggedEvent[]): void
  /** What to wait for before more is written: there is 1 MB that the log has not taken. */
  room(): Promise<void> | undefined
  /** Resolves once the log has taken all, or has failed. */
  flush(): Promise<void>
  end(last: LoggedEvent): Promise<void>
}

/** What a writer is made of. */
export interface LogWriterOptions {
  readonly log: TurnLog
  readonly key: TabKey
  readonly turnId: string
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  /** The log has taken the events up to this number, or will not. */
  readonly onTaken: (seq: number) => void
}

export function createLogWriter({ log, key, turnId, clock, onError, onTaken }: LogWriterOptions): LogWriter {
  let isRecording = false
  let waiting = 0
  let wake: (() => void) | undefined

  function stopRecording(error: unknown): void {
    if (!isRecording) return
    isRecording = false
    onTaken(Number.POSITIVE_INFINITY)
    wake?.()
    onError(error)
  }

  /** Until little waits, but no longer than a log may take: one that never answers would hold the agent. */
  async function until(isEnough: () => boolean): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      wake = () => {
        if (!isRecording || isEnough()) resolve()
      }
      wake()
    })
    const isTaken = await atMost(clock, longestMs, enough)
    wake = undefined
    if (!isTaken) stopRecording(tooSlow())
  }

  return {
    async start() {
      try {
        await inTime(clock, log.start(key, turnId), longestMs, tooSlow)
        isRecording = true
      } catch (error) {
        onTaken(Number.POSITIVE_INFINITY)
        onError(error)
      }
    },

    append(events) {
      const [first, last] = [events[0], events.at(-1)]
      if (!isRecording || !first || !last) return
      const texts = events.map(({ event }) => event)
      const size = texts.reduce((sum, { length }) => sum + length, 0)
      waiting += size
      log.append(key, turnId, first.seq, texts).then(() => {
        waiting -= size
        if (isRecording) onTaken(last.seq)
        wake?.()
      }, stopRecording)
    },

    room: () => (isRecording && waiting >= mostWaiting ? until(() => waiting < mostWaiting) : undefined),

    flush: async () => (isRecording && waiting > 0 ? until(() => waiting === 0) : undefined),

    /** Also after recording has ended: the gap before the last number says that something is missing. */
    async end({ seq, event }) {
      for (const pauseMs of [250, 1_000, 0]) {
        try {
          return await inTime(clock, log.end(key, turnId, seq, event), longestMs, tooSlow)
        } catch (error) {
          onError(error)
        }
        if (pauseMs === 0) return
        await pause(clock, pauseMs)
      }
    },
  }
}

const mostWaiting = 1024 * 1024
/** Somewhat longer than a log gives itself. */
const longestMs = 6_000
const tooSlow = () => new Error(`The turn log took longer than ${longestMs} ms.`)

import type { Clock } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { TurnStreamEnd, TurnStreamEvent } from '../../core/turn-stream.js'
import { inTime } from '../in-time.js'
import type { LoggedEvent, TurnLog } from '../turn-log.js'
import type { EventReader } from './event-reader.js'
import { createLogWriter } from './log-writer.js'
import { createTurnFeed } from './turn-feed.js'

/** Where a turn sends its events: to the readers in this process, and to the log. */
export interface TurnSink {
  readonly send: (event: TurnStreamEvent) => void
  /** Begins the log. Never rejects: a turn continues without one. */
  open(): Promise<void>
  /** From now on the log is written, beginning with what was sent before. */
  record(): void
  /** What to wait for before the agent is asked for more. */
  room(): Promise<void> | undefined
  flush(): Promise<void>
  end(event: TurnStreamEnd, isBegun: boolean): Promise<void>
  read(after: number): EventReader
  readerCount(): number
}

/** What a sink is made of. */
export interface TurnSinkOptions {
  readonly log: TurnLog | false
  readonly key: TabKey
  readonly turnId: string
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  /** Without a log: a reader has taken nothing for a minute. */
  readonly onUnread: () => void
}

export function createTurnSink({ log, key, turnId, clock, onError, onUnread }: TurnSinkOptions): TurnSink {
  let wake = () => {}
  const feed = createTurnFeed({
    older: async (after, signal) => (log ? log.read(key, turnId, { after, signal }) : undefined),
    onRead: () => wake(),
  })
  const writer = log ? createLogWriter({ log, key, turnId, clock, onError, onTaken: feed.release }) : undefined
  if (!writer) feed.release(Number.POSITIVE_INFINITY)
  /** What was sent before the turn had begun: one that never does leaves nothing in the log. */
  let early: LoggedEvent[] | undefined = []

  /** Without a log there is nowhere to read later, so the readers set the pace. */
  async function readers(): Promise<void> {
    const reading = new Promise<void>((resolve) => {
      wake = () => {
        if (feed.unread() < mostUnread) resolve()
      }
    })
    await inTime(clock, reading, readerMs)
    wake = () => {}
    if (feed.unread() >= mostUnread) onUnread()
  }

  return {
    send(event) {
      const logged = feed.push(event)
      if (early) early.push(logged)
      else writer?.append(logged)
    },
    async open() {
      await writer?.start()
    },
    record() {
      for (const event of early ?? []) writer?.append(event)
      early = undefined
    },
    room() {
      if (writer) return writer.room()
      return feed.unread() >= mostUnread ? readers() : undefined
    },
    async flush() {
      await writer?.flush()
    },
    async end(event, isBegun) {
      const last = feed.push(event, true)
      if (writer && isBegun) await writer.end(last)
    },
    read: feed.read,
    readerCount: feed.readerCount,
  }
}

const mostUnread = 1024 * 1024
const readerMs = 60_000

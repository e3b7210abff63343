import type { Clock } from '../../core/clock.js'
import { atMost } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { TurnStreamEnd, TurnStreamEvent } from '../../core/turn-stream.js'
import type { TurnLog } from '../turn-log.js'
import type { EventReader } from './event-reader.js'
import { createLogWriter } from './log-writer.js'
import { createTurnFeed } from './turn-feed.js'

/** Where a turn sends its events: to the readers in this process, and to the log. */
export interface TurnSink {
  readonly send: (event: TurnStreamEvent) => void
  /** Begins the log. Never rejects: a turn continues without one. */
  open(): Promise<void>
  /** From now on the log is written, beginning with what was sent before: a turn that never begins leaves nothing there. */
  record(): void
  /** What to wait for before the agent is asked for more. */
  room(): Promise<void> | undefined
  /** Resolves once the log has taken all, or has failed. */
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

/**
 * What comes within a thirtieth of a second goes on together, its text as one event: a reader sees no difference, and each
 * write to a connection costs more than all else about a piece of text. After a pause it goes on at once.
 */
export function createTurnSink({ log, key, turnId, clock, onError, onUnread }: TurnSinkOptions): TurnSink {
  let wake = () => {}
  const feed = createTurnFeed({
    older: async (after, signal) => (log ? log.read(key, turnId, { after, signal }) : undefined),
    onRead: () => wake(),
  })
  const writer = log ? createLogWriter({ log, key, turnId, clock, onError, onTaken: feed.release }) : undefined
  if (!writer) feed.release(Number.POSITIVE_INFINITY)
  let isRecording = false
  /** What waits for its time: its text since the last event of another kind, and how much it is in all. */
  let text = ''
  let waiting = 0
  let cancelWait: (() => void) | undefined
  let nextAt = Number.NEGATIVE_INFINITY
  /** Up to here the writer has them. */
  let written = 0

  function pushText(): void {
    if (text !== '') feed.push({ type: 'text', text })
    text = ''
  }

  function handOn(): void {
    pushText()
    waiting = 0
    cancelWait?.()
    cancelWait = undefined
    nextAt = clock.monotonic() + paceMs
    feed.wake()
    if (!isRecording || !writer || written === feed.lastSeq()) return
    writer.append(feed.since(written))
    written = feed.lastSeq()
  }

  function handOnInTime(): void {
    if (cancelWait && waiting < mostWaiting) return
    const ms = waiting < mostWaiting ? nextAt - clock.monotonic() : 0
    if (ms > 0) cancelWait = clock.setTimeout(handOn, ms)
    else handOn()
  }

  /** Without a log there is nowhere to read later, so the readers set the pace. */
  async function readers(): Promise<void> {
    const reading = new Promise<void>((resolve) => {
      wake = () => {
        if (feed.unread() < mostUnread) resolve()
      }
    })
    await atMost(clock, readerMs, reading)
    wake = () => {}
    if (feed.unread() >= mostUnread) onUnread()
  }

  return {
    send(event) {
      if (event.type === 'text') {
        text += event.text
        waiting += event.text.length
      } else {
        pushText()
        waiting += feed.push(event).event.length
      }
      handOnInTime()
    },
    async open() {
      await writer?.start()
    },
    record() {
      isRecording = true
      handOn()
    },
    room() {
      if (writer) return writer.room()
      return feed.unread() >= mostUnread ? readers() : undefined
    },
    async flush() {
      handOn()
      await writer?.flush()
    },
    async end(event, isBegun) {
      handOn()
      const last = feed.push(event, true)
      feed.wake()
      if (writer && isBegun) await writer.end(last)
    },
    read: feed.read,
    readerCount: feed.readerCount,
  }
}

const paceMs = 33
const mostWaiting = 16 * 1024
const mostUnread = 1024 * 1024
const readerMs = 60_000

import { LeftoffError } from '../../core/error.js'
import type { LoggedEvent } from '../turn-log.js'

/** Events as one text. JSON has no line breaks outside of its strings, unless someone indents it. */
export function asLines(events: readonly string[]): string {
  if (events.some((event) => event.includes('\n'))) {
    throw new LeftoffError('invalid-argument', 'An event of a turn log is JSON on one line.')
  }
  return events.join('\n')
}

/** The events of such a text that have a higher number than `after`. `endSeq` is the turn's last one. */
export function readLines(lines: string, lastSeq: number, after: number, endSeq: unknown): LoggedEvent[] {
  const events: LoggedEvent[] = []
  const texts = lines.split('\n')
  let seq = lastSeq - texts.length
  for (const event of texts) {
    seq += 1
    if (seq > after) events.push({ seq, event, last: seq === endSeq })
  }
  return events
}

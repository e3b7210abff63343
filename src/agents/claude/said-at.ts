import { asUserRecord, queuedPromptIn } from './queued-prompts.js'
import { parseRecord, type Said, saidIn } from './transcript-entry.js'

/** What was said in the line of an entry of the history, a queued prompt included. */
export function saidAt(line: Buffer): Said | undefined {
  const record = parseRecord(line)
  return record && saidIn(queuedPromptIn(record) ? asUserRecord(record) : record)
}

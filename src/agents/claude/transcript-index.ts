import type { FileHandle } from 'node:fs/promises'
import { field } from './claude-message.js'
import { type Entry, entryIn } from './index-entry.js'
import { createDeliveries, deliveryMark } from './queued-prompts.js'
import { parseRecord, type TranscriptRecord } from './transcript-entry.js'
import { linesOf } from './transcript-lines.js'

/** The entries of a transcript by id, in the order of their first records. */
export interface TranscriptIndex {
  readonly entries: ReadonlyMap<string, Entry>
  readonly hasCompactions: boolean
  readonly hasQueued: boolean
  readonly deliveries: ReturnType<typeof createDeliveries>
}

/** Who else wants to see the lines while they are read. */
export interface LineReader {
  /** Whether the line matters although it is no entry; asked of the bytes, as most such lines need no parsing. */
  wants(line: Buffer): boolean
  look(record: TranscriptRecord): void
}

/** Reads the file once, and shows `reader` each entry and what else it wants. */
export async function indexTranscript(file: FileHandle, size: number, reader?: LineReader): Promise<TranscriptIndex> {
  const entries = new Map<string, Entry>()
  const deliveries = createDeliveries()
  let order = 0
  let hasCompactions = false
  let hasQueued = false
  let last: string | undefined
  const same = (id: string) => (id === last ? last : (entries.get(id)?.uuid ?? id))
  for await (const lines of linesOf(file, size)) {
    for (const { bytes, offset } of lines) {
      const isWanted = isEntryLine(bytes) || bytes.includes(deliveryField) || reader?.wants(bytes)
      const record = isWanted ? parseRecord(bytes) : undefined
      if (!record) continue
      reader?.look(record)
      const entry = entryIn(record, { order, offset, length: bytes.length }, same)
      if (entry) {
        entries.set(entry.uuid, entry)
        last = entry.uuid
        order++
        if (entry.rare?.compaction) hasCompactions = true
        if (entry.rare?.queued) hasQueued = true
      }
      if (entry?.rare?.queued || field(record, 'type') === 'queue-operation') deliveries.note(record)
    }
  }
  return { entries, hasCompactions, hasQueued, deliveries }
}

/** Most entries can be told by how they begin, and need not be searched. */
function isEntryLine(bytes: Buffer): boolean {
  return hasBeginning(bytes) || bytes.includes(idField)
}

function hasBeginning(bytes: Buffer): boolean {
  for (let index = 0; index < entryBeginning.length; index++) if (bytes[index] !== entryBeginning[index]) return false
  return true
}

const entryBeginning = Buffer.from('{"parentUuid":')
const idField = Buffer.from('"uuid"')
const deliveryField = Buffer.from(deliveryMark)

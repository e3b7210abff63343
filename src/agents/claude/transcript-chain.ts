import { field } from './claude-message.js'
import { parseEntry, type TranscriptEntry } from './transcript-entry.js'

/**
 * Tells, line by line from the last one up, which belong to the conversation as it stands: entries point to their parent, and
 * two turns at once make a tree, of which Claude resumes the branch that was written last. An entry's parent lies above it, so one
 * pass upward needs to remember one id only.
 *
 * Gives the entry of a line on the branch, `undefined` of any other.
 */
export function createChain(): (line: Buffer) => TranscriptEntry | undefined {
  let wanted: unknown
  let needle: Buffer | undefined = uuidField
  return (line) => {
    // Most other lines are settled by this search, without being parsed.
    if (!needle || !line.includes(needle)) return undefined
    const entry = parseEntry(line)
    const uuid = field(entry, 'uuid')
    const isNext =
      wanted === undefined ? typeof uuid === 'string' && field(entry, 'isSidechain') !== true : uuid === wanted
    if (!entry || !isNext) return undefined
    // A compaction begins a new tree and names what came before.
    wanted = field(entry, 'parentUuid') ?? field(entry, 'logicalParentUuid')
    needle = typeof wanted === 'string' ? Buffer.from(JSON.stringify(wanted)) : undefined
    return entry
  }
}

const uuidField = Buffer.from('"uuid"')

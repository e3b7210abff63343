import type { Random } from './random.js'
import type { Written } from './written-session.js'

/** A file as it lies on the disk. */
export interface BrokenFile {
  /** The SDK's reader loses the first record behind a byte order mark, so it is compared without one. */
  readonly hasMark: boolean
  readonly bytes: Buffer
  readonly has: ReadonlySet<Breakage>
}

/** What becomes of transcripts, as people reported it. */
export const breakages = [
  'neighbours swapped',
  'lines shuffled',
  'line lost',
  'phantom parent',
  'history repeated',
  'record repeated',
  'older text of a record repeated',
  'two records on a line',
  'record cut, next behind it',
  'NULs before a record',
  'NULs behind a record',
  'line of NULs',
  'byte order mark',
  'CRLF',
  'cut end',
  'noise',
  'late progress',
] as const
export type Breakage = (typeof breakages)[number]

/** Writes `records` as lines, with up to five of the breakages. */
export function breakFile(random: Random, records: readonly Written[]): BrokenFile {
  const wanted = new Set<Breakage>()
  const count = random.pick([0, 1, 1, 2, 3, 5])
  while (wanted.size < count) wanted.add(random.pick(breakages))
  let lines = records.map((record) => JSON.stringify(record))
  const at = () => random.below(lines.length)

  if (wanted.has('late progress')) lines.push(lateProgress())
  if (wanted.has('phantom parent')) edit(() => ({ parentUuid: random.uuid() }))
  if (wanted.has('history repeated')) lines = [...lines, ...lines]
  if (wanted.has('record repeated')) lines.splice(at(), 0, lines[at()] ?? '')
  if (wanted.has('older text of a record repeated')) repeatOlder()
  if (wanted.has('neighbours swapped')) for (let n = 1 + random.below(4); n > 0; n--) swap(at())
  if (wanted.has('lines shuffled')) shuffle()
  if (wanted.has('line lost')) lines.splice(at(), 1)
  if (wanted.has('two records on a line')) join('')
  if (wanted.has('record cut, next behind it')) join('cut')
  if (wanted.has('NULs before a record')) replace((line) => `${'\0'.repeat(1 + random.below(600))}${line}`)
  if (wanted.has('NULs behind a record')) replace((line) => `${line}${'\0'.repeat(1 + random.below(600))}`)
  if (wanted.has('line of NULs')) lines.splice(at(), 0, '\0'.repeat(1 + random.below(600)))
  if (wanted.has('noise'))
    lines.splice(at(), 0, random.pick(['{"half', '[]', 'null', '"uuid"', '{"uuid":1}', '   ', '�']))

  const text = lines.join(wanted.has('CRLF') ? '\r\n' : '\n') + (random.chance(0.9) ? '\n' : '')
  const whole = Buffer.from(text)
  const bytes = wanted.has('cut end') ? whole.subarray(0, Math.max(1, whole.length - random.below(400))) : whole
  return { bytes, hasMark: wanted.has('byte order mark'), has: wanted }

  function lateProgress(): string {
    const parents = records.flatMap(({ uuid }) => (typeof uuid === 'string' ? [uuid] : []))
    const parentUuid = parents[random.below(parents.length)] ?? null
    return JSON.stringify({ type: 'progress', uuid: random.uuid(), parentUuid, isSidechain: false, data: {} })
  }

  function edit(change: () => object): void {
    replace((line) => JSON.stringify({ ...JSON.parse(line), ...change() }))
  }

  function replace(change: (line: string) => string): void {
    const index = at()
    lines[index] = change(lines[index] ?? '{}')
  }

  /** What was written first of a record that was written twice, as after a crash: the later one counts. */
  function repeatOlder(): void {
    const index = at()
    const record: { message?: object } = JSON.parse(lines[index] ?? '{}')
    const older = { ...record, message: { ...record.message, content: [{ type: 'text', text: 'an older text' }] } }
    if (record.message) lines.splice(random.below(index + 1), 0, JSON.stringify(older))
  }

  function swap(index: number): void {
    const [a = '', b = ''] = lines.slice(index, index + 2)
    if (index + 1 < lines.length) lines.splice(index, 2, b, a)
  }

  function shuffle(): void {
    for (let index = lines.length - 1; index > 0; index--) {
      const other = random.below(index + 1)
      const line = lines[index] ?? ''
      lines[index] = lines[other] ?? ''
      lines[other] = line
    }
  }

  function join(way: '' | 'cut'): void {
    const index = at()
    const [a = '', b = ''] = lines.slice(index, index + 2)
    lines.splice(index, 2, (way === 'cut' ? a.slice(0, random.below(a.length)) : a) + b)
  }
}

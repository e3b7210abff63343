import type { FileHandle } from 'node:fs/promises'

/** One line of a file, from its first visible byte on. Its bytes are good until the next lines are asked for. */
export interface Line {
  readonly offset: number
  readonly bytes: Buffer
}

/**
 * The lines of the file's first `size` bytes, a few at a time, without the blanks, NULs and byte order mark a line may begin with:
 * what a crash tore may come back as NULs, with the next record right behind them. Memory does not grow with the file, only with its longest line.
 */
export async function* linesOf(file: FileHandle, size: number): AsyncGenerator<readonly Line[], void> {
  let chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size))
  let spare = Buffer.allocUnsafe(chunk.length)
  // Holes come by the megabyte, and comparing is faster than looking at each byte.
  const nuls = Buffer.alloc(chunk.length)
  let begun: BegunLine | undefined
  let reading = readFully(file, chunk.subarray(0, size), 0)
  for (let start = 0; start < size; ) {
    const bytes = await reading
    if (bytes.length === 0) break
    // The disk is at work while the lines are looked at.
    ;[chunk, spare] = [spare, chunk]
    reading = readFully(file, chunk.subarray(0, size - start - bytes.length), start + bytes.length)
    reading.catch(() => undefined) // whoever wants no more lines hears of no error
    if (!begun && bytes[0] === 0 && bytes.equals(nuls.subarray(0, bytes.length))) {
      start += bytes.length
      continue
    }
    const lines: Line[] = []
    let lineStart = 0
    while (lineStart < bytes.length) {
      const newline = bytes.indexOf(newlineByte, lineStart)
      if (newline === -1) break
      const end = bytes.subarray(lineStart, newline)
      const line = trimmed(begun ? finished(begun, end) : { offset: start + lineStart, bytes: end })
      if (line) lines.push(line)
      begun = undefined
      lineStart = newline + 1
    }
    begun = continued(begun, { offset: start + lineStart, bytes: bytes.subarray(lineStart) })
    start += bytes.length
    if (start >= size && begun) {
      const line = trimmed(finished(begun, Buffer.alloc(0)))
      if (line) lines.push(line)
    }
    if (lines.length > 0) yield lines
  }
}

/** Reads single lines of a file again, most of them out of what was read for the one before. */
export function createLineReader(file: FileHandle): (offset: number, length: number) => Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(chunkBytes)
  let window = buffer.subarray(0, 0)
  let start = 0
  return async (offset, length) => {
    if (offset < start || offset + length > start + window.length) {
      if (length > buffer.length) buffer = Buffer.allocUnsafe(length)
      window = await readFully(file, buffer, offset)
      start = offset
    }
    return window.subarray(offset - start, offset - start + length)
  }
}

/** Whether `bytes` stand somewhere in the file from `from` to `end`. Looks from the end, where what is new stands. */
export async function standsIn(file: FileHandle, bytes: Buffer, from: number, end: number): Promise<boolean> {
  for (let to = end; to > from; to -= chunkBytes) {
    // A little more than one step, so that nothing is cut by the edge of two.
    const part = await readAt(file, Math.max(from, to - chunkBytes), Math.min(end, to + bytes.length))
    if (part.includes(bytes)) return true
  }
  return false
}

/** The bytes from `from` to `end`, or as much of them as the file still has. */
export async function readAt(file: FileHandle, from: number, end: number): Promise<Buffer> {
  return readFully(file, Buffer.allocUnsafe(end - from), from)
}

/** Fills `into`, or as much of it as the file still has. */
async function readFully(file: FileHandle, into: Buffer<ArrayBuffer>, position: number): Promise<Buffer<ArrayBuffer>> {
  let length = 0
  while (length < into.length) {
    const { bytesRead } = await file.read(into, length, into.length - length, position + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return into.subarray(0, length)
}

const newlineByte = 10
const blankByte = 32
const chunkBytes = 256 * 1024
/** What is longer is no message: the API takes requests of 32 MB, and a tool's result may stand in its line twice. */
const maxLineBytes = 128 * 1024 * 1024

/** A line whose end is not read yet. */
interface BegunLine {
  readonly offset: number
  length: number
  /** Copies, as the chunk is filled again; none once the line is too long. */
  readonly pieces: Buffer[]
}

function continued(begun: BegunLine | undefined, { offset, bytes }: Line): BegunLine | undefined {
  const skipped = begun ? 0 : blanksAt(bytes, 0)
  if (skipped === bytes.length) return begun
  const line = begun ?? { offset: offset + skipped, length: 0, pieces: [] }
  line.length += bytes.length - skipped
  if (line.length > maxLineBytes) line.pieces.length = 0
  else line.pieces.push(Buffer.from(bytes.subarray(skipped)))
  return line
}

function finished({ offset, length, pieces }: BegunLine, end: Buffer): Line | undefined {
  return length + end.length > maxLineBytes ? undefined : { offset, bytes: Buffer.concat([...pieces, end]) }
}

function trimmed(line: Line | undefined): Line | undefined {
  if (!line) return undefined
  const { offset, bytes } = line
  let skipped = blanksAt(bytes, 0)
  if (hasByteOrderMark(bytes, skipped)) skipped = blanksAt(bytes, skipped + 3)
  if (skipped === 0 && bytes.length > 0) return line
  return skipped === bytes.length ? undefined : { offset: offset + skipped, bytes: bytes.subarray(skipped) }
}

function hasByteOrderMark(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf
}

/** Where the blanks end that begin at `start`. */
function blanksAt(bytes: Buffer, start: number): number {
  let index = start
  while (index < bytes.length && (bytes[index] ?? 0) <= blankByte) index++
  return index
}

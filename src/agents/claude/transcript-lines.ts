import type { FileHandle } from 'node:fs/promises'

/** One line of a file. Its bytes are good until the next lines are asked for. */
export interface Line {
  readonly offset: number
  readonly bytes: Buffer
}

/**
 * The lines of the file's first `size` bytes from the last to the first, a few at a time. Memory does not grow with the file:
 * a line longer than the API takes is left out.
 */
export async function* linesBackward(file: FileHandle, size: number): AsyncGenerator<readonly Line[], void> {
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size))
  const rest = createRest()
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length)
    const bytes = await readFully(file, chunk.subarray(0, end - start), start)
    const lines: Line[] = []
    let lineEnd = bytes.length
    while (lineEnd > 0) {
      const newline = bytes.lastIndexOf(newlineByte, lineEnd - 1)
      if (newline === -1) break
      const line = rest.join((kept) => [bytes.subarray(newline + 1, lineEnd), ...kept.reverse()])
      if (line) lines.push({ offset: start + newline + 1, bytes: line })
      lineEnd = newline
    }
    rest.keep(bytes.subarray(0, lineEnd))
    if (start === 0) {
      const line = rest.join((kept) => kept.reverse())
      if (line) lines.push({ offset: 0, bytes: line })
    }
    if (lines.length > 0) yield lines
    end = start
  }
}

/** The lines from `offset`, where one begins, up to `size`, a few at a time. */
export async function* linesForward(
  file: FileHandle,
  offset: number,
  size: number,
): AsyncGenerator<readonly Line[], void> {
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size - offset))
  const rest = createRest()
  let lineOffset = offset
  for (let start = offset; start < size; ) {
    const bytes = await readFully(file, chunk.subarray(0, size - start), start)
    if (bytes.length === 0) break
    const lines: Line[] = []
    let lineStart = 0
    while (lineStart < bytes.length) {
      const newline = bytes.indexOf(newlineByte, lineStart)
      if (newline === -1) break
      const line = rest.join((kept) => [...kept, bytes.subarray(lineStart, newline)])
      if (line) lines.push({ offset: lineOffset, bytes: line })
      lineStart = newline + 1
      lineOffset = start + lineStart
    }
    rest.keep(bytes.subarray(lineStart))
    start += bytes.length
    if (start >= size) {
      const line = rest.join((kept) => kept)
      if (line) lines.push({ offset: lineOffset, bytes: line })
    }
    if (lines.length > 0) yield lines
  }
}

const newlineByte = 10
const chunkBytes = 256 * 1024
/** The Messages API takes requests of up to 32 MB, so a line with a message is no longer. */
const maxLineBytes = 32 * 1024 * 1024

/** What is known so far of a line that goes over the edge of a chunk. */
function createRest() {
  let kept: Buffer[] = []
  let length = 0
  return {
    keep(bytes: Buffer): void {
      length += bytes.length
      // The chunk is filled again with the next read.
      if (length <= maxLineBytes) kept.push(Buffer.from(bytes))
      else kept = []
    },
    /** The line that `inOrder` puts together; `undefined` if it is empty or too long. */
    join(inOrder: (kept: Buffer[]) => Buffer[]): Buffer | undefined {
      const pieces = length <= maxLineBytes ? inOrder(kept) : []
      kept = []
      length = 0
      const [only] = pieces
      const line = pieces.length === 1 ? only : Buffer.concat(pieces)
      return line && line.length > 0 && line.length <= maxLineBytes ? line : undefined
    },
  }
}

/** Fills `into`, or as much of it as the file still has. */
async function readFully(file: FileHandle, into: Buffer, position: number): Promise<Buffer> {
  let length = 0
  while (length < into.length) {
    const { bytesRead } = await file.read(into, length, into.length - length, position + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return into.subarray(0, length)
}

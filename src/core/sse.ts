import { LeftoffError } from './error.js'

/** One server-sent event. */
export interface SseFrame {
  /** What its `id:` line said, else that of the event before. */
  readonly id: string
  readonly data: string
}

/** Says nothing, so that no proxy takes a silent agent's connection for a dead one. */
export const keepAliveComment = ':\n\n'

/** One server-sent event. `json` has no line breaks, so one `data` line holds it. */
export function encodeFrame(json: string, id?: string): string {
  return id === undefined ? `data: ${json}\n\n` : `id: ${id}\ndata: ${json}\n\n`
}

/**
 * Takes a stream's bytes in any pieces and gives the events that are complete. Each byte is looked at once, however long
 * an event is. Throws `turn-failed` once an event is longer than `maxLength` characters.
 */
export function createSseParser(maxLength: number = 2 ** 24): (bytes: Uint8Array) => readonly SseFrame[] {
  const decoder = new TextDecoder()
  let partialLine: string[] = []
  let data: string[] = []
  let length = 0
  let id = ''

  return (bytes) => {
    const frames: SseFrame[] = []
    const text = decoder.decode(bytes, { stream: true })
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      partialLine.push(text.slice(start, end))
      const line = partialLine.join('').replace(/\r$/, '')
      partialLine = []
      length += end - start
      start = end + 1
      if (line.startsWith('data:')) data.push(line.slice(5))
      else if (line.startsWith('id:')) id = line.slice(3).trim()
      if (line !== '') continue
      if (data.length > 0) frames.push({ id, data: data.join('\n') })
      data = []
      length = 0
    }
    partialLine.push(text.slice(start))
    length += text.length - start
    if (length > maxLength) {
      throw new LeftoffError('turn-failed', `The server sent an event of more than ${maxLength} characters.`)
    }
    return frames
  }
}

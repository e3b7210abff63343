import { encodeSentEvent } from '../../core/turn-stream.js'
import type { LoggedEvent } from '../turn-log.js'

/**
 * Turns pieces of a turn into bytes: adjacent text as one event, under the number of its last, and `missed` where numbers
 * are skipped.
 */
export function createPieceEncoder(turnId: string, after: number): (piece: readonly LoggedEvent[]) => Uint8Array {
  const encoder = new TextEncoder()
  let lastSeq = after

  return (piece) => {
    let frames = ''
    let text = ''
    const endText = () => {
      if (text !== '') frames += encodeSentEvent(turnId, lastSeq, `${textStart}${text}${textEnd}`)
      text = ''
    }
    for (const { seq, event } of piece) {
      const isText = event.startsWith(textStart)
      const isMissing = seq > lastSeq + 1
      if (!isText || isMissing) endText()
      if (isMissing) frames += encodeSentEvent(turnId, seq - 1, '{"type":"missed"}')
      lastSeq = Math.max(lastSeq, seq)
      // Two JSON texts that follow each other are one, character by character.
      if (isText) text += event.slice(textStart.length, -textEnd.length)
      else frames += encodeSentEvent(turnId, seq, event)
    }
    endText()
    return encoder.encode(frames)
  }
}

const textStart = '{"type":"text","text":"'
const textEnd = '"}'

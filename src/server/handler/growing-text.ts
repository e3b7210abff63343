/** A text that grows by small pieces. */
export interface GrowingText {
  append(piece: string): void
  /** Keeps the first `length` code units. */
  cut(length: number): void
  length(): number
  value(): string
}

/**
 * V8 takes 32 bytes for each `+=`, more than most pieces have; so many of them are joined at once. The rest stays a rope,
 * which is copied by none but its reader. One that is not kept has a length only.
 */
export function growingText(isKept = true): GrowingText {
  let text = ''
  let pieces: string[] = []
  let length = 0

  function value(): string {
    text += pieces.join('')
    pieces = []
    return text
  }

  return {
    append(piece) {
      length += piece.length
      if (!isKept) return
      pieces.push(piece)
      if (pieces.length >= 100) value()
    },
    cut(to) {
      if (to >= length) return
      text = value().slice(0, to)
      length = to
    },
    length: () => length,
    value,
  }
}

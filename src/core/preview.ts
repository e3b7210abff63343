/** Longest preview, in code points. */
const maxPreviewLength = 120

/** The beginning of a text for a list: white space folded, at most 120 code points. `undefined` if nothing is left. */
export function preview(text: string): string | undefined {
  let folded = ''
  let length = 0
  let gap = false
  // By code point, and no further than needed: an answer can be long, and half an emoji is no character.
  for (const point of text) {
    if (/\s/u.test(point)) {
      gap = length > 0
      continue
    }
    const room = maxPreviewLength - length
    if (room < (gap ? 2 : 1)) break
    folded += gap ? ` ${point}` : point
    length += gap ? 2 : 1
    gap = false
  }
  return folded === '' ? undefined : folded
}

/** Orders two texts by code point, as Postgres orders them with the collation "C". */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    // A surrogate is part of a code point above U+FFFF, so it sorts after every other unit.
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

/** The first `length` code points. */
export function firstCodePoints(text: string, length: number): string {
  // A code point is at most two units, so the rest of a long text need not be walked.
  return text.length <= length ? text : [...text.slice(0, 2 * length)].slice(0, length).join('')
}

/** The text of what a person sent: a text, or an object that has one. */
export function sentText(message: unknown): string {
  if (typeof message === 'string') return message
  const isObject = typeof message === 'object' && message !== null
  return isObject && 'text' in message && typeof message.text === 'string' ? message.text : ''
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** Longest preview, in code points. */
const maxPreviewLength = 120

/** The beginning of a text for a list: white space folded, at most 120 code points. `undefined` if nothing is left. */
export function preview(text: string): string | undefined {
  // No further than needed: an answer can be long.
  const [beginning = ''] = /(?:\S\s*){1,120}/u.exec(text) ?? []
  return firstCodePoints(beginning.replace(/\s+/g, ' '), maxPreviewLength).trimEnd() || undefined
}

/** Longest title taken from a message, in code points. */
const maxMessageTitle = 60

/** The title that a message gives its conversation, from the message's preview. */
export function titleOf(shown: string): string {
  return firstCodePoints(shown, maxMessageTitle).trim()
}

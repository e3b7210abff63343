/** What an event takes in memory: two bytes a character once one of them needs them, and what V8 takes beside the text. */
export function bytesOf(event: string): number {
  return 64 + (/[\u0100-\uffff]/.test(event) ? 2 * event.length : event.length)
}

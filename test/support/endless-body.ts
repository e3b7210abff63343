/** A request's body that nobody wants to read to its end: 400 MB of spaces. */
export function endlessBody() {
  let given = 0
  let isCancelled = false
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      given += piece.length
      controller.enqueue(piece)
      if (given > 400e6) controller.close()
    },
    cancel() {
      isCancelled = true
    },
  })
  return {
    /** For a `Request`. `duplex` is missing in the type that TypeScript has of it. */
    init: { method: 'POST', body: stream, duplex: 'half' } as RequestInit,
    /** How many bytes were asked for. */
    given: () => given,
    isCancelled: () => isCancelled,
  }
}

const piece = new Uint8Array(16_384).fill(0x20)

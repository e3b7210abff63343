import type { ConsoleMessage, Page, Response } from 'playwright'
import { onTestFinished } from 'vitest'

/** Everything that a page is sent, and what it logs. */
export interface Traffic {
  /** Listens no more; all there was, once it is here in full. Rejects if some of it cannot be read. */
  stop(): Promise<string>
}

/** Listens from now on, at the longest until the test is over: what comes after that has nobody to read it. */
export function recordTraffic(page: Page): Traffic {
  const pieces: Promise<string | Error>[] = []

  // None of them ever rejects: one that does while nothing waits for it would end the run, not the test.
  const keep = (piece: Promise<string>) => {
    pieces.push(piece.catch((error: unknown) => new Error('A response could not be read.', { cause: error })))
  }
  const onConsole = (message: ConsoleMessage) => keep(Promise.resolve(message.text()))
  const onResponse = (response: Response) => keep(readResponse(response))
  page.on('console', onConsole)
  page.on('response', onResponse)

  function listenNoMore(): void {
    page.off('console', onConsole)
    page.off('response', onResponse)
  }
  onTestFinished(listenNoMore)

  return {
    async stop() {
      listenNoMore()
      const read = await Promise.all(pieces)
      const failed = read.find((piece) => piece instanceof Error)
      if (failed) throw failed
      return read.join('\n')
    },
  }
}

async function readResponse(response: Response): Promise<string> {
  // A redirect has no body, nor has an answer whose page was left.
  const [headers, body] = await Promise.all([response.allHeaders(), response.text().catch(() => '')])
  return `${JSON.stringify(headers)}\n${body}`
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type FakeMessagesApi, fakeMessagesApi } from './fake-messages-api.js'

/** The Messages API, which refuses what it is told to refuse. */
export interface RefusingMessagesApi extends FakeMessagesApi {
  /** From now on each message is answered with this error; `undefined` answers again. */
  refuse(error: { readonly status: number; readonly type: string; readonly message: string } | undefined): void
  /** From now on no message is answered at all. */
  fallSilent(): void
  /** From now on messages are answered again. */
  answerAgain(): void
  /** Resolves when the next message comes in. */
  asked(): Promise<void>
}

/** In front of {@link fakeMessagesApi}. */
export async function refusingMessagesApi(): Promise<RefusingMessagesApi> {
  const api = await fakeMessagesApi()
  let refusal: { status: number; type: string; message: string } | undefined
  let isSilent = false
  let tell = (): void => {}
  const server = createServer(async (request, response) => {
    const body = await text(request)
    if (request.url?.split('?')[0] === '/v1/messages') {
      tell()
      if (isSilent) return
      if (refusal) {
        const { status, type, message } = refusal
        response.writeHead(status, { 'Content-Type': 'application/json' })
        response.end(JSON.stringify({ type: 'error', error: { type, message } }))
        return
      }
    }
    const answer = await fetch(`${api.url}${request.url}`, { method: request.method ?? 'GET', ...(body && { body }) })
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? 'text/plain' })
    response.end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP, so this is no pipe's name
  return {
    url: `http://127.0.0.1:${port}`,
    seen: api.seen,
    refuse: (error) => {
      refusal = error
    },
    fallSilent: () => {
      isSilent = true
    },
    answerAgain: () => {
      isSilent = false
    },
    asked: () =>
      new Promise((resolve) => {
        tell = resolve
      }),
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      await api.close()
    },
  }
}

import { parseJson } from '../core/parse-json.js'
import { maxBodyBytes } from '../core/session-wire.js'

/**
 * The body of a request as JSON. Throws the response to give instead: 413 as soon as it is too large, whatever it says its length is,
 * 415 if it is not JSON by its type, which a form of another site cannot claim without being asked about it first.
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  if (!isJson(request)) throw plain(415)
  if (Number(request.headers.get('Content-Length')) > maxBodyBytes) throw plain(413)
  const text = await readText(request, maxBodyBytes)
  if (text === undefined) throw plain(413)
  const json = parseJson(text)
  if (json === undefined) throw plain(400)
  return json
}

/** Whether the body is JSON by its type. */
export function isJson(request: Request): boolean {
  return /^application\/json\s*(;|$)/i.test(request.headers.get('Content-Type') ?? '')
}

/** The text of a body of at most so many bytes, else `undefined`; what a header says of its length is a client's word. */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  const reader = request.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > maxBytes) {
      // Not awaited: a sender that still sends may never notice.
      reader?.cancel().catch(() => {})
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}

function plain(status: number): Response {
  return new Response(null, { status, headers: { 'Cache-Control': 'no-store' } })
}

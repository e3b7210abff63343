import { parseJson } from '../core/parse-json.js'
import { maxBodyBytes } from '../core/session-wire.js'

/**
 * The body of a request as JSON. Throws the response to give instead: 413 as soon as it is too large, whatever it says its length is,
 * 415 if it is not JSON by its type, which a form of another site cannot claim without being asked about it first.
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  const [type = ''] = (request.headers.get('Content-Type') ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/json') throw plain(415)
  if (Number(request.headers.get('Content-Length')) > maxBodyBytes) throw plain(413)
  const reader = request.body?.getReader()
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {}
    if (done || !value) break
    bytes += value.length
    if (bytes > maxBodyBytes) {
      // Not awaited: who still sends may never hear of it.
      reader?.cancel().catch(() => {})
      throw plain(413)
    }
    text += decoder.decode(value, { stream: true })
  }
  const json = parseJson(text + decoder.decode())
  if (json === undefined) throw plain(400)
  return json
}

function plain(status: number): Response {
  return new Response(null, { status, headers: { 'Cache-Control': 'no-store' } })
}

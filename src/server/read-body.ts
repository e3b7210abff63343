import { isObject, parseJson } from '../core/checks.js'

/** What {@link readJsonBody} found: an object, or why not, with the status that says so. */
export type JsonBody =
  | { readonly status?: undefined; readonly json: Readonly<Record<string, unknown>> }
  | { readonly status: 400 | 413 | 415; readonly message: string }

/**
 * The body of a request as a JSON object. 413 as soon as it is too large, whatever it says its length is; 415 if it is not JSON by its
 * type, which a form of another site cannot claim without being asked about it first. The other routes read theirs with it.
 *
 * @example
 * ```ts
 * import { readJsonBody } from 'leftoff/server'
 *
 * export async function POST(request: Request): Promise<Response> {
 *   const body = await readJsonBody(request, 64 * 1024)
 *   if (body.status) return new Response(body.message, { status: body.status })
 *   const { rating } = body.json // unknown: check it
 *   return new Response(null, { status: rating === 'good' || rating === 'bad' ? 204 : 400 })
 * }
 * ```
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<JsonBody> {
  if (!isJson(request)) return { status: 415, message: 'Send JSON, with `Content-Type: application/json`.' }
  const text = Number(request.headers.get('Content-Length')) > maxBytes ? undefined : await readText(request, maxBytes)
  if (text === undefined) return { status: 413, message: `A request may hold ${maxBytes} bytes.` }
  const json = parseJson(text)
  return isObject(json) ? { json } : { status: 400, message: 'The body is not a JSON object.' }
}

/** Whether the body is JSON by its type. */
function isJson(request: Request): boolean {
  return /^application\/json\s*(;|$)/i.test(request.headers.get('Content-Type') ?? '')
}

/** The text of a body of at most so many bytes, else `undefined`; what a header says of its length is a client's word. */
async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
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

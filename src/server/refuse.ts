/** What a request is told that was refused: a code for the page, and a sentence for its developer. */
export interface Refused<Code extends string> {
  readonly code: Code
  readonly message: string
}

/** The answer to a request that was refused, as JSON. No cache may keep it. */
export function refuse<Code extends string>(
  status: number,
  body: Refused<Code>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(body, {
    status,
    headers: { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers },
  })
}

/** The app's own answer, which no cache may keep either. */
export function asNoStore(response: Response): Response {
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  return new Response(response.body, { status, statusText, headers })
}

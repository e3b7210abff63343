/** What this machine calls itself. */
const names = ['localhost', '127.0.0.1', '[::1]']

/**
 * For this machine alone: refuses what asks for another name, which a foreign site may have made to lead here, and what a page
 * from elsewhere sends.
 *
 * @param {(request: Request) => Promise<Response>} fetch
 * @returns {(request: Request) => Promise<Response>}
 */
export function localOnly(fetch) {
  return async (request) => {
    if (!names.includes(new URL(request.url).hostname)) return refusal(421, 'No such host here.')
    const origin = request.headers.get('origin')
    if (origin !== null && !isLocal(origin)) return refusal(403, 'For pages of this machine only.')
    return fetch(request)
  }
}

/** @param {string} origin */
function isLocal(origin) {
  return URL.canParse(origin) && names.includes(new URL(origin).hostname)
}

/** @param {number} status @param {string} message */
function refusal(status, message) {
  return Response.json({ message }, { status })
}

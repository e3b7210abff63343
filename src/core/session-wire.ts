/** How many changes one request may carry, or ids of removed conversations. The database refuses more changes too. */
export const maxBatch = 100
/** How many bytes the body of a request may have. No single change has as many. */
export const maxBodyBytes = 65_536
/** How many sessions a page of a list may have over HTTP. */
export const maxPage = 1_000

/**
 * The header that names the user whom the page works for. A server compares it with the user who is signed in, and believes only the
 * latter: a page that another tab signed in as someone else must not read or clear the other's history. A form of another site cannot send it.
 */
export const userHeader = 'leftoff-user'

/**
 * Why a request about sessions was refused whole, and its status. What `authorize` answered is the app's own and has none of this.
 *
 * - `invalid-argument` (400, 405, 413, 415): the request has no valid shape, or is too large.
 * - `signed-out` (401), `forbidden` (403): nobody is signed in, or another user.
 * - `unreachable` (503): the same request may be sent again.
 * - `quota-exceeded` (507): there is no room.
 * - `storage-unavailable` (500): the server's log says why.
 */
export type SessionRefusalCode =
  | 'invalid-argument'
  | 'signed-out'
  | 'forbidden'
  | 'unreachable'
  | 'quota-exceeded'
  | 'storage-unavailable'

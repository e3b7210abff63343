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

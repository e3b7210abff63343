/**
 * A random UUID (version 4). `crypto.randomUUID` exists in secure contexts only, so on plain http the bits come from
 * `getRandomValues`, which every page has (https://www.w3.org/TR/webcrypto/#Crypto-method-randomUUID).
 */
export function createId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const digits = crypto.getRandomValues(new Uint8Array(31))
  let next = 0
  // RFC 9562, section 5.4: the version is 4, and of the digit after it two bits are the variant.
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (kind) => {
    const digit = (digits[next++] ?? 0) & 15
    return (kind === 'x' ? digit : (digit & 3) | 8).toString(16)
  })
}

/** `part` with `%` and `separator` percent-encoded: joined by the separator, different parts never give the same key. */
export function encodeKeyPart(part: string, separator: ':' | '/'): string {
  return part.replaceAll('%', '%25').replaceAll(separator, codeOf[separator])
}

/** Inverts {@link encodeKeyPart}. */
export function decodeKeyPart(text: string, separator: ':' | '/'): string {
  return text.replaceAll(codeOf[separator], separator).replaceAll('%25', '%')
}

const codeOf = { ':': '%3A', '/': '%2F' } as const

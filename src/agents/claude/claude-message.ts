/**
 * What the driver needs of the Claude Agent SDK's messages. The SDK's own `SDKMessage` fits; the fields of the many
 * message types are looked at one by one, because they differ between versions.
 */
export interface ClaudeMessage {
  readonly type: string
  readonly session_id?: string
}

/** A field of anything, or `undefined`. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** A number field of anything, or 0. */
export function count(value: unknown, name: string): number {
  const number = field(value, name)
  return typeof number === 'number' ? number : 0
}

/** The entries of an array field, or none. */
export function entries(value: unknown, name: string): readonly unknown[] {
  const array = field(value, name)
  return Array.isArray(array) ? array : []
}

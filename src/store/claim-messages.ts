import { isObject } from '../core/checks.js'

/** What pages tell each other about claims. `from` and `to` are page ids, `since` is in ms since the epoch. */
export type ClaimMessage =
  /** I have this conversation, or will if nobody objects. */
  | { readonly type: 'held'; readonly id: string; readonly since: number; readonly from: string }
  /** No: I had it before you. */
  | { readonly type: 'object'; readonly id: string; readonly since: number; readonly from: string; readonly to: string }
  /** Give it to me: it was mine before a reload (`back`), or a person asked for it (`take`). */
  | { readonly type: 'ask'; readonly id: string; readonly from: string; readonly why: 'back' | 'take' }
  | { readonly type: 'answer'; readonly id: string; readonly to: string; readonly gives: boolean }
  | { readonly type: 'released'; readonly id: string }
  /** These rows changed: read them again. */
  | { readonly type: 'changed'; readonly ids: readonly string[] }
  /** The user signed out on this device. */
  | { readonly type: 'signed-out'; readonly keepHistory: boolean }

/** Checks a message from outside: another version's, or any script's. */
export function readClaimMessage(data: unknown): ClaimMessage | undefined {
  if (!isObject(data)) return undefined
  const { type, id, since, from, to, why, gives, ids } = data
  if (type === 'changed') {
    return Array.isArray(ids) && ids.every((one) => typeof one === 'string') ? { type, ids } : undefined
  }
  if (type === 'signed-out') return { type, keepHistory: data.keepHistory === true }
  if (typeof id !== 'string') return undefined
  if (type === 'released') return { type, id }
  if (type === 'answer')
    return typeof to === 'string' && typeof gives === 'boolean' ? { type, id, to, gives } : undefined
  if (typeof from !== 'string') return undefined
  if (type === 'ask') return why === 'back' || why === 'take' ? { type, id, from, why } : undefined
  if (typeof since !== 'number' || !Number.isFinite(since)) return undefined
  if (type === 'held') return { type, id, since, from }
  return type === 'object' && typeof to === 'string' ? { type, id, since, from, to } : undefined
}

/** Whether the claim was there before the other one. Pages of one browser have one clock; ties go by page id. */
export function isBefore(
  own: { readonly since: number },
  ownPage: string,
  other: { readonly since: number; readonly from: string },
): boolean {
  return own.since === other.since ? ownPage < other.from : own.since < other.since
}

import {
  maxScopes,
  type RankedText,
  type ScopeTotals,
  type SessionChange,
  type StoredRow,
  type StoredScope,
  type Titles,
} from './apply-change.js'
import { LeftoffError } from './error.js'
import type { RankedSession, TokenUsage } from './session.js'

/** The latest time that a `Date` can hold, in ms since the epoch. */
export const maxTime = 8.64e15
/** Longest preview and longest title, in code points. */
export const maxPreviewLength = 120
export const maxTitleLength = 1_000
/** Longest id, in UTF-8 bytes: of a conversation or a user. A workspace has at most {@link maxWorkspaceBytes}. */
export const maxIdBytes = 200
export const maxWorkspaceBytes = 253
/** The longest epoch, in characters. */
const maxEpochLength = 64

const tenYearsMs = 10 * 366 * 24 * 60 * 60 * 1_000

/** What checking gave: the value, or the name of the first field that is wrong. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly field: string }

/**
 * A checker of one field: the value as it should be, or {@link wrong}. Keys that it does not know are left out. `latest` is the
 * greatest rank that may be.
 */
type Check<T> = (value: unknown, field: string, latest: number) => T

// The functions that make checkers say that they do nothing else, so that a page without an adapter does not download how rows are checked.

/** Checks a change from outside. `now` bounds its ranks: more than ten years ahead is an error of a clock. */
export function readChange(value: unknown, now: number): Checked<SessionChange> {
  return checked(change, value, Math.min(maxTime, now + tenYearsMs))
}

/** Checks a stored row. */
export function readRow(value: unknown): Checked<StoredRow> {
  return checked(storedRow, value)
}

/** Checks a session as adapters give it. */
export function readSession(value: unknown): Checked<RankedSession> {
  return checked(rankedSession, value)
}

/** Runs `check` on a value from outside. */
export function checked<T>(check: Check<T>, value: unknown, latest = maxTime): Checked<T> {
  try {
    return { ok: true, value: check(value, '', latest) }
  } catch (error) {
    if (error instanceof WrongField) return { ok: false, field: error.field }
    throw error
  }
}

/** A conversation's or user's id that an app passed in; throws `invalid-argument` otherwise. */
export function requireId(what: string, value: unknown, maxBytes = maxIdBytes): asserts value is string {
  if (isId(value, maxBytes)) return
  throw new LeftoffError('invalid-argument', `The ${what} must be a text of 1 to ${maxBytes} bytes without NUL.`)
}

/** Whether the value is an id: of a conversation or a user, unless `maxBytes` says otherwise. */
export function isId(value: unknown, maxBytes = maxIdBytes): value is string {
  return checked(id(maxBytes), value).ok
}

class WrongField {
  constructor(readonly field: string) {}
}

function wrong(field: string): never {
  throw new WrongField(field || 'value')
}

/** An object with these fields; of the optional ones those that are there. */
// @__NO_SIDE_EFFECTS__
export function object<T>(
  required: { readonly [K in RequiredKeys<T>]: Check<T[K]> },
  optional: { readonly [K in OptionalKeys<T>]: Check<NonNullable<T[K]>> },
): Check<T> {
  const fields = Object.entries<Check<unknown>>({ ...required, ...optional })
  return (value, field, latest) => {
    if (!isObject(value)) return wrong(field)
    const found: Record<string, unknown> = {}
    for (const [name, check] of fields) {
      const part = value[name]
      if (part === undefined && !(name in required)) continue
      found[name] = check(part, field ? `${field}.${name}` : name, latest)
    }
    // Every required field was checked, and the optional ones that are there.
    return found as T
  }
}

type OptionalKeys<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never }[keyof T]
type RequiredKeys<T> = Exclude<keyof T, OptionalKeys<T>>

/** A whole number from 0 to `max`, or to the latest rank. */
// @__NO_SIDE_EFFECTS__
export function whole(max?: number): Check<number> {
  return (value, field, latest) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= (max ?? latest)
      ? value
      : wrong(field)
}

const rank = whole()
const count = whole(Number.MAX_SAFE_INTEGER)

/** A text that every adapter can store, of at most `max` code points. */
// @__NO_SIDE_EFFECTS__
function text(max: number): Check<string> {
  return (value, field) =>
    typeof value === 'string' && value.length <= 2 * max && isWellFormed(value) && [...value].length <= max
      ? value
      : wrong(field)
}

/** An id: any text of 1 to `maxBytes` bytes in UTF-8 that every adapter can store. */
// @__NO_SIDE_EFFECTS__
export function id(maxBytes: number): Check<string> {
  return (value, field) =>
    typeof value === 'string' &&
    value !== '' &&
    value.length <= maxBytes &&
    isWellFormed(value) &&
    new TextEncoder().encode(value).length <= maxBytes
      ? value
      : wrong(field)
}

const userId: Check<string> = (value, field, latest) => (value === '' ? '' : conversationId(value, field, latest))
const scopeName: Check<string> = (value, field) =>
  typeof value === 'string' && /^[\w-]{8}$/.test(value) ? value : wrong(field)

/** Token totals. */
export const tokenUsage: Check<TokenUsage> = object<TokenUsage>(
  { input: count, output: count },
  { cacheRead: count, cacheWrite: count },
)
const scopeTotals = object<ScopeTotals>({ messages: count }, { usage: tokenUsage })

const workspace = id(maxWorkspaceBytes)
const conversationId = id(maxIdBytes)
const epoch = text(maxEpochLength)

// @__NO_SIDE_EFFECTS__
function rankedText(max: number): Check<RankedText> {
  return object<RankedText>({ text: text(max), rank }, {})
}

const preview = rankedText(maxPreviewLength)
const title = rankedText(maxTitleLength)
const titles = object<Titles>({}, { message: title, app: title, person: title })
const activity = object<StoredRow['activity']>({ at: whole(maxTime), rank }, {})

const counts: Check<Readonly<Record<string, ScopeTotals>>> = (value, field, latest) => {
  if (!isObject(value)) return wrong(field)
  const entries = Object.entries(value)
  if (entries.length > maxScopes) return wrong(field)
  return Object.fromEntries(
    entries.map(([scope, totals]) => [
      scopeName(scope, field, latest),
      scopeTotals(totals, `${field}.${scope}`, latest),
    ]),
  )
}

const scopes: Check<readonly StoredScope[]> = (value, field, latest) => {
  if (!Array.isArray(value) || value.length > maxScopes) return wrong(field)
  return value.map((entry: unknown, index): StoredScope => {
    const at = `${field}.${index}`
    if (!Array.isArray(entry) || entry.length < 2 || entry.length > 3) return wrong(at)
    const [name, messages, usage]: unknown[] = entry
    const known = [scopeName(name, at, latest), count(messages, at, latest)] as const
    return entry.length === 2 ? known : [...known, tokenUsage(usage, at, latest)]
  })
}

const change: Check<SessionChange> = object<SessionChange>(
  { userId, workspace, conversationId, epoch },
  { counts, activity, begins: rank, preview, titles },
)

const schemaVersion: Check<1> = (value, field) => (value === 1 ? 1 : wrong(field))

const storedRow: Check<StoredRow> = object<StoredRow>(
  {
    schemaVersion,
    userId,
    workspace,
    conversationId,
    epoch,
    startedAt: rank,
    activity,
    messages: count,
    scopes,
  },
  { usage: tokenUsage, preview, titles },
)

const rankedSession = object<RankedSession>(
  {
    conversationId,
    workspace,
    userId,
    startedAt: rank,
    lastActivity: rank,
    messageCount: count,
    rank,
  },
  { lastMessagePreview: text(maxPreviewLength), tokenUsage, title: text(maxTitleLength) },
)

/** A plain object, whose fields are unknown. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `text` stands for, or `undefined` if it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The text without what Postgres cannot store: NUL and lone surrogates become U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/[\0\p{Surrogate}]/gu, '\uFFFD')
}

/** Whether Postgres can store the text: it has no NUL and no lone surrogate. */
function isWellFormed(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text)
}

/** The epoch that was stored; anything else, which a page did not write, counts as none. */
export function readEpoch(value: unknown): string {
  return typeof value === 'string' && value.length <= maxEpochLength && isWellFormed(value) ? value : ''
}

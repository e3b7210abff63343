import * as z from 'zod'

// What rows and changes are, said a second time and in another way: the oracle of the hand-written checkers.

const maxTime = 8_640_000_000_000_000

const wellFormed = z.string().refine((text) => !text.includes('\0') && Buffer.from(text).toString() === text)
const text = (points: number) => wellFormed.refine((value) => [...value].length <= points)
const id = (bytes: number) => wellFormed.refine((value) => value !== '' && Buffer.byteLength(value) <= bytes)
const whole = (max = Number.MAX_SAFE_INTEGER) => z.int().min(0).max(max)
const scope = z.string().regex(/^[A-Za-z0-9_-]{8}$/)

const usage = z.object({
  input: whole(),
  output: whole(),
  cacheRead: whole().optional(),
  cacheWrite: whole().optional(),
})
const ranked = (points: number, maxRank: number) => z.object({ text: text(points), rank: whole(maxRank) })
const titles = (maxRank: number) =>
  z.object({
    message: ranked(1_000, maxRank).optional(),
    app: ranked(1_000, maxRank).optional(),
    person: ranked(1_000, maxRank).optional(),
  })
const activity = (maxRank: number) => z.object({ at: whole(maxTime), rank: whole(maxRank) })

const identity = {
  userId: z.union([z.literal(''), id(200)]),
  workspace: id(253),
  conversationId: id(200),
  epoch: text(64),
}

/** A change whose ranks are at most `maxRank`. */
export const changeSchema = (maxRank: number) =>
  z.object({
    ...identity,
    counts: z
      .record(scope, z.object({ messages: whole(), usage: usage.optional() }))
      .refine((counts) => Object.keys(counts).length <= 64)
      .optional(),
    activity: activity(maxRank).optional(),
    begins: whole(maxRank).optional(),
    preview: ranked(120, maxRank).optional(),
    titles: titles(maxRank).optional(),
  })

export const rowSchema = z.object({
  schemaVersion: z.literal(1),
  ...identity,
  startedAt: whole(maxTime),
  activity: activity(maxTime),
  messages: whole(),
  usage: usage.optional(),
  scopes: z.array(z.union([z.tuple([scope, whole()]), z.tuple([scope, whole(), usage])])).max(64),
  preview: ranked(120, maxTime).optional(),
  titles: titles(maxTime).optional(),
})

/** The fields of these issues, by the names that the checkers give them. */
export function fieldsOf({ issues }: z.ZodError): readonly string[] {
  // A scope that is no scope is a fault of `counts`.
  return issues.map(({ code, path }) => fieldName(code === 'invalid_key' ? ['counts'] : path))
}

/** Of an entry of `scopes` zod names the place only: it may be of two kinds. */
export function fieldName(path: readonly PropertyKey[]): string {
  return (path[0] === 'scopes' ? path.slice(0, 2) : path).join('.') || 'value'
}

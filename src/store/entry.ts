import { addExcess, maxScopes, raise, type ScopeTotals, type SessionChange } from '../core/apply-change.js'
import type { ConversationSession, RankedSession } from '../core/session.js'
import type { Recorded } from './history.js'

/** What a page knows of one conversation: the row as stored, and what it recorded since. Immutable. */
export interface Entry {
  readonly userId: string
  readonly conversationId: string
  readonly workspace: string
  /** The row as last read, with what storage has acknowledged since. */
  readonly stored: RankedSession | undefined
  /** When the conversation began, until it is known to be stored. `undefined` if somebody else began it. */
  readonly begins: number | undefined
  /** Written by a later leftoff: shown, never saved. */
  readonly isReadOnly: boolean
  /** This page's scope in the conversation, and what it counted there so far. */
  readonly scope: string
  readonly total: ScopeTotals
  /** How many scopes of messages with ids were stored beside this page's own scope or after it. */
  readonly othersStored: number
  /** When something was counted in this page's own scope, in ms since the epoch. */
  readonly countedAt: number
  /** What storage acknowledged, by scope. */
  readonly acknowledged: Readonly<Record<string, ScopeTotals>>
  /** Scopes of messages that the stored row may know already: not shown as counted until it was saved and read. */
  readonly recalled: readonly string[]
  /** What storage has not acknowledged yet. */
  readonly unsent: Unsent | undefined
  /** What an app sees of the conversation, `undefined` while there is nothing to see; with its rank, and without. */
  readonly view: RankedSession | undefined
  readonly session: ConversationSession | undefined
}

/** The part of a change that was recorded. */
type Unsent = Pick<SessionChange, 'counts' | 'activity' | 'preview' | 'titles'>

/** How many scopes one change carries, so that repeats of it stay within what a part in localStorage remembers. */
const scopesPerChange = 16
/** A page that was silent for half the time after which others fold its part counts anew. */
const silenceMs = 12 * 60 * 60 * 1_000

/** An entry with these fields, about which nothing else is known. */
export function createEntry(
  fields: Pick<Entry, 'userId' | 'conversationId' | 'workspace' | 'scope'> & Partial<Entry>,
): Entry {
  return withView({
    stored: undefined,
    begins: undefined,
    isReadOnly: false,
    total: { messages: 0 },
    othersStored: 0,
    countedAt: 0,
    acknowledged: {},
    recalled: [],
    unsent: undefined,
    ...fields,
  })
}

/** The entry with what was just recorded. */
export function record(entry: Entry, { message, activity, preview, titles }: Recorded): Entry {
  const { unsent = {}, acknowledged, stored } = entry
  let { total, recalled } = entry
  let counts = unsent.counts
  if (message) {
    const one: ScopeTotals = { messages: 1, ...(message.usage && { usage: message.usage }) }
    if (message.scope === undefined) total = addExcess(total, undefined, one)
    const scope = message.scope ?? entry.scope
    if (message.isRecalled && stored && !acknowledged[scope] && !counts?.[scope]) recalled = [...recalled, scope]
    counts = { ...counts, [scope]: message.scope === undefined ? total : raise(counts?.[scope], one) }
  }
  // The first message of a page keeps its title; storage keeps the first of all pages.
  const kept = titles?.message && unsent.titles?.message ? { ...titles, message: unsent.titles.message } : titles
  const joined = unsent.titles || kept ? { ...unsent.titles, ...kept } : undefined
  return withView({
    ...entry,
    total,
    recalled,
    countedAt: message && message.scope === undefined && activity ? activity.at : entry.countedAt,
    unsent: {
      ...unsent,
      ...(counts && { counts }),
      ...(activity && { activity }),
      ...(preview && { preview }),
      ...(joined && { titles: joined }),
    },
  })
}

/** What is to be sent of the entry now. */
export function changeOf(entry: Entry, epoch: string): SessionChange {
  const { userId, conversationId, workspace, stored, begins, unsent = {} } = entry
  // Its own first: what comes later pushes it out of what rows remember.
  const isOwn = ([name]: [string, ScopeTotals]) => Number(name === entry.scope)
  const scopes = Object.entries(unsent.counts ?? {}).sort((a, b) => isOwn(b) - isOwn(a))
  return {
    userId,
    workspace,
    conversationId,
    epoch,
    ...(!stored && begins !== undefined && { begins }),
    ...unsent,
    ...(unsent.counts && { counts: Object.fromEntries(scopes.slice(0, scopesPerChange)) }),
  }
}

/** The entry after storage acknowledged `sent`. What was recorded while it was on its way stays to be sent. */
export function acknowledge(entry: Entry, sent: SessionChange): Entry {
  const { unsent = {} } = entry
  const stored = show(entry.stored ?? newSession(entry), sent, entry)
  const counts = Object.entries(unsent.counts ?? {}).filter(([scope, totals]) => totals !== sent.counts?.[scope])
  // The latest at the end, those that are still counted in after them: an id that is recorded again is not shown twice.
  const known = new Map(Object.entries(entry.acknowledged))
  const scopesSent = Object.keys(sent.counts ?? {})
  const needed = [entry.scope, ...counts.map(([scope]) => scope)]
  for (const scope of [...scopesSent, ...needed]) {
    const confirmed = sent.counts?.[scope]
    const before = known.get(scope)
    const totals = confirmed ? raise(before, confirmed) : before
    known.delete(scope)
    if (totals) known.set(scope, totals)
  }
  const acknowledged = Object.fromEntries([...known].slice(-Math.max(maxScopes, needed.length)))
  const left: Unsent = {
    ...(counts.length > 0 && { counts: Object.fromEntries(counts) }),
    ...(unsent.activity && unsent.activity !== sent.activity && { activity: unsent.activity }),
    ...(unsent.preview && unsent.preview !== sent.preview && { preview: unsent.preview }),
    ...(unsent.titles && unsent.titles !== sent.titles && { titles: unsent.titles }),
  }
  return withView({
    ...entry,
    stored,
    begins: undefined,
    recalled: entry.recalled.filter((scope) => !scopesSent.includes(scope)),
    othersStored: scopesSent.includes(entry.scope) ? scopesSent.length - 1 : entry.othersStored + scopesSent.length,
    acknowledged,
    unsent: Object.keys(left).length > 0 ? left : undefined,
  })
}

/**
 * The entry as the beginning of a new row, after storage said that there is none: with what was recorded after the last
 * acknowledgement, in a new scope, so that what was cleared stays cleared.
 */
export function beginAnew(entry: Entry, scope: string, now: number): Entry {
  const { unsent, acknowledged } = entry
  const { userId, conversationId, workspace } = entry
  const fresh = createEntry({ userId, conversationId, workspace, scope, begins: unsent?.activity?.at ?? now })
  if (!unsent) return fresh
  const counts: Record<string, ScopeTotals> = {}
  let total: ScopeTotals = { messages: 0 }
  for (const [name, totals] of Object.entries(unsent.counts ?? {})) {
    if (name !== entry.scope) {
      counts[name] = totals // a message with an id was recorded again as a whole
      continue
    }
    total = addExcess({ messages: 0 }, acknowledged[name], totals)
    if (total.messages > 0 || total.usage) counts[scope] = total
  }
  return withView({ ...fresh, total, unsent: { ...unsent, ...(unsent.counts && { counts }) } })
}

/** The entry with a row that was read. */
export function withStored(entry: Entry, stored: RankedSession): Entry {
  return withView({ ...entry, stored, workspace: stored.workspace, begins: undefined })
}

/** The entry without what was recorded and will never be stored. */
export function withoutUnsent(entry: Entry): Entry {
  return withView({ ...entry, unsent: undefined })
}

/**
 * Whether the page is to count in a new scope at that time: the row may have forgotten its own, whose running total would then
 * count twice. Only once nothing of it is on its way.
 */
export function needsScope({ unsent, scope, othersStored, countedAt, total }: Entry, now: number): boolean {
  const mayBeForgotten = othersStored >= scopesPerChange - 1 || now - countedAt >= silenceMs
  return mayBeForgotten && total.messages > 0 && !unsent?.counts?.[scope]
}

/** The entry counting in a new scope from here on. */
export function withScope(entry: Entry, scope: string): Entry {
  return { ...entry, scope, total: { messages: 0 }, othersStored: 0 }
}

function withView(entry: Omit<Entry, 'view' | 'session'>): Entry {
  const { stored, unsent, begins } = entry
  const isNothing = !stored && (!unsent || (begins === undefined && !unsent.activity))
  const view = isNothing ? undefined : unsent ? show(stored ?? newSession(entry), unsent, entry) : stored
  return { ...entry, view, session: view && withoutRank(view) }
}

function withoutRank({ rank: _, ...session }: RankedSession): ConversationSession {
  return session
}

function newSession({
  userId,
  conversationId,
  workspace,
  begins,
  unsent,
}: Pick<Entry, 'userId' | 'conversationId' | 'workspace' | 'begins' | 'unsent'>): RankedSession {
  const startedAt = begins ?? unsent?.activity?.at ?? 0
  return { conversationId, workspace, userId, startedAt, lastActivity: startedAt, messageCount: 0, rank: startedAt }
}

function show(
  base: RankedSession,
  { counts = {}, activity, preview, titles }: Unsent,
  { acknowledged, recalled }: Pick<Entry, 'acknowledged' | 'recalled'>,
): RankedSession {
  let sum: ScopeTotals = { messages: base.messageCount, ...(base.tokenUsage && { usage: base.tokenUsage }) }
  for (const [scope, totals] of Object.entries(counts)) {
    if (!recalled.includes(scope)) sum = addExcess(sum, acknowledged[scope], totals)
  }
  const { lastMessagePreview: oldPreview, title: oldTitle, ...rest } = base
  const lastMessagePreview = preview ? preview.text : oldPreview
  // A stored title may be a person's, which the app's does not replace; the row is read again once this is saved.
  const title = titles?.person ? titles.person.text : oldTitle || titles?.app?.text || titles?.message?.text
  return {
    ...rest,
    messageCount: sum.messages,
    ...(sum.usage && { tokenUsage: sum.usage }),
    ...(activity && activity.rank > base.rank && { rank: activity.rank, lastActivity: activity.at }),
    ...(lastMessagePreview && { lastMessagePreview }),
    ...(title && { title }),
  }
}

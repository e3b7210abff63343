import type { RankedText, ScopeTotals, SessionChange, TitleSlot } from '../../src/core/apply-change.js'
import { shortHash } from '../../src/core/keys-and-ids.js'
import type { TokenUsage } from '../../src/core/session.js'
import { firstCodePoints } from '../../src/core/text.js'
import { expectedRow } from './expected-row.js'
import { type Random, randomOf } from './random.js'

/** What the pages of one conversation recorded, as the changes they sent. */
export interface History {
  readonly seed: number
  /** In the order in which they were sent. */
  readonly sent: readonly SentChange[]
  /** What a row must say once all but lost ones arrived. */
  readonly expected: ReturnType<typeof expectedRow>
}

/** A change as sent. */
export interface SentChange {
  readonly change: SessionChange
  /** Whether it may be lost because a later one of its page has all of it. */
  readonly canBeLost: boolean
}

/** Which histories to make. */
export interface HistoryOptions {
  /** `few` scopes fit into a row's window; `many` do not. */
  readonly scopes: 'few' | 'many'
}

/** A page with a store of its own, as far as changes show it. */
interface Writer {
  readonly scope: string
  readonly skew: number
  readonly usesIds: boolean
  totals: ScopeTotals
  highestRank: number
  hasTitle: boolean
  begins: number | undefined
  unsent: Unsent
}

type Unsent = {
  counts?: Record<string, ScopeTotals>
  activity?: { at: number; rank: number }
  preview?: RankedText
  titles?: Partial<Record<TitleSlot, RankedText>>
}

/** What a few pages recorded about one conversation, all of it from one seed. */
export function historyOf(seed: number, { scopes }: HistoryOptions): History {
  const random = randomOf(seed)
  const identity = { userId: 'u1', workspace: 'demo.alive.best', conversationId: `c${seed}` }
  const expected = expectedRow(identity)
  const sent: SentChange[] = []
  let now = 1_700_000_000_000 + random.below(1_000_000)
  const start = now

  const writers = Array.from({ length: 1 + random.below(scopes === 'many' ? 6 : 4) }, (_, index): Writer => {
    // The first page begins the conversation; a second one may have begun it too, before it could see the row.
    const begins = index === 0 || random.chance(0.4) ? start + random.below(3) * 500 : undefined
    if (begins !== undefined) expected.begin(begins)
    return {
      scope: shortHash(`writer ${seed} ${index}`),
      skew: random.pick([0, 0, 0, -3_600_000, 60_000]),
      usesIds: scopes === 'many' || random.chance(0.5),
      totals: { messages: 0 },
      highestRank: 0,
      hasTitle: false,
      begins,
      unsent: {},
    }
  })

  const rankOf = (writer: Writer): number => {
    writer.highestRank = Math.max(now + writer.skew, writer.highestRank + 1)
    return writer.highestRank
  }

  const recordMessage = (writer: Writer, id: string | undefined, usage: TokenUsage | undefined): void => {
    const rank = rankOf(writer)
    const scope = id === undefined ? writer.scope : shortHash(id)
    if (id === undefined) writer.totals = grown(writer.totals, usage)
    const totals = id === undefined ? writer.totals : { messages: 1, ...(usage && { usage }) }
    const text = randomText(random)
    const preview = { text: firstCodePoints(text, 120), rank }
    writer.unsent.counts = { ...writer.unsent.counts, [scope]: totals }
    writer.unsent.activity = { at: now + writer.skew, rank }
    writer.unsent.preview = preview
    expected.count(scope, totals)
    expected.activity(now + writer.skew, rank)
    expected.text('preview', preview)
    if (usage || writer.hasTitle) return
    writer.hasTitle = true
    giveTitle(writer, 'message', { text: firstCodePoints(text, 60), rank })
  }

  const giveTitle = (writer: Writer, slot: TitleSlot, title: RankedText): void => {
    writer.unsent.titles = { ...writer.unsent.titles, [slot]: title }
    expected.text(slot, title)
  }

  const send = (writer: Writer, isLast: boolean): void => {
    const { begins, unsent } = writer
    if (begins === undefined && Object.keys(unsent).length === 0) return
    const change = { ...identity, epoch: '', ...structuredClone(unsent), ...(begins !== undefined && { begins }) }
    // Unless its answer came, the page goes on sending what the change had.
    const isAcknowledged = isLast || random.chance(0.5) || Object.keys(unsent.counts ?? {}).length > 20
    sent.push({ change, canBeLost: !isAcknowledged })
    if (!isAcknowledged) return
    writer.begins = undefined
    writer.unsent = {}
    // A page learns of the ranks of others when it reads.
    if (random.chance(0.5)) writer.highestRank = Math.max(...writers.map(({ highestRank }) => highestRank))
  }

  const events = scopes === 'many' ? 70 + random.below(90) : 2 + random.below(14)
  for (let event = 0; event < events; event++) {
    now += random.pick([0, 0, 1, 500])
    const writer = random.pick(writers)
    const kind = scopes === 'many' ? 0 : random.below(10)
    if (kind < 6) {
      const isAnswer = event % 2 === 1
      const usage = isAnswer && random.chance(0.7) ? randomUsage(random) : undefined
      const id = writer.usesIds ? `message ${seed} ${event}${isAnswer ? '.answer' : ''}` : undefined
      recordMessage(writer, id, usage)
      // Another page may show the same message and record it too, perhaps without having seen its usage.
      const other = random.pick(writers)
      if (id !== undefined && other !== writer && random.chance(0.3)) {
        recordMessage(other, id, random.chance(0.7) ? usage : undefined)
      }
    } else if (kind < 8) {
      const rank = rankOf(writer)
      giveTitle(writer, random.pick(['app', 'person']), { text: random.chance(0.2) ? '' : randomText(random), rank })
    } else {
      const rank = rankOf(writer)
      writer.unsent.activity = { at: now + writer.skew, rank }
      expected.activity(now + writer.skew, rank)
    }
    if (random.chance(0.6)) send(writer, false)
  }
  for (const writer of writers) send(writer, true)
  return { seed, sent, expected }
}

function grown({ messages, usage }: ScopeTotals, more: TokenUsage | undefined): ScopeTotals {
  const sum = (name: keyof TokenUsage) => (usage?.[name] ?? 0) + (more?.[name] ?? 0)
  const optional = (name: 'cacheRead' | 'cacheWrite') =>
    (usage?.[name] ?? more?.[name]) === undefined ? {} : { [name]: sum(name) }
  if (!usage && !more) return { messages: messages + 1 }
  return {
    messages: messages + 1,
    usage: { input: sum('input'), output: sum('output'), ...optional('cacheRead'), ...optional('cacheWrite') },
  }
}

function randomUsage(random: Random): TokenUsage {
  return {
    input: random.below(5_000),
    output: random.below(900),
    ...(random.chance(0.5) && { cacheRead: random.below(50_000) }),
    ...(random.chance(0.3) && { cacheWrite: random.below(2_000) }),
  }
}

function randomText(random: Random): string {
  // U+FFFD and U+FF5E lie below the astral planes by code point and above them by UTF-16 unit.
  const parts = ['Hello', 'a', 'b', 'Grüße', '日本語', '\u{1f600}', '\u{10000}', '\uffee', '\uff5e', '']
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(parts)).join('')
}

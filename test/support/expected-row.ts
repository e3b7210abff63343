import type { RankedText, ScopeTotals, StoredRow, Titles } from '../../src/core/apply-change.js'
import type { TokenUsage } from '../../src/core/session.js'

/** A row as tests compare it: without what the order of arrival decides. */
export type ComparableRow = Omit<StoredRow, 'epoch' | 'scopes'> & { readonly scopes?: StoredRow['scopes'] }

/**
 * What a row must say about everything that was recorded, written down as it is recorded. It shares no code with
 * `applyChange`, so that one cannot hide a fault of the other.
 */
export function expectedRow(identity: Pick<StoredRow, 'userId' | 'workspace' | 'conversationId'>) {
  const totals = new Map<string, { messages: number; usage: Partial<Record<keyof TokenUsage, number>> }>()
  const begins: number[] = []
  const activities: { at: number; rank: number }[] = []
  const texts: Record<'preview' | keyof Titles, RankedText[]> = { preview: [], message: [], app: [], person: [] }

  return {
    begin(at: number): void {
      begins.push(at)
      activities.push({ at, rank: at })
    },
    activity(at: number, rank: number): void {
      activities.push({ at, rank })
    },
    count(scope: string, { messages, usage }: ScopeTotals): void {
      const known = totals.get(scope) ?? { messages: 0, usage: {} }
      if (messages > known.messages) known.messages = messages
      for (const name of usageNames) {
        const value = usage?.[name]
        if (value !== undefined && value >= (known.usage[name] ?? 0)) known.usage[name] = value
      }
      totals.set(scope, known)
    },
    text(slot: 'preview' | keyof Titles, text: RankedText): void {
      texts[slot].push(text)
    },

    /** With the scopes if all of them are still known. */
    row(window: number): ComparableRow {
      const preview = texts.preview.toSorted(byRankAndBytes).at(-1)
      const message = texts.message.toSorted(byRankAndBytes).at(0)
      const app = texts.app.toSorted(byRankAndBytes).at(-1)
      const person = texts.person.toSorted(byRankAndBytes).at(-1)
      const titles = { ...(message && { message }), ...(app && { app }), ...(person && { person }) }
      const usage = sumOf([...totals.values()].map((known) => known.usage))
      const [activity = { at: 0, rank: 0 }] = activities.toSorted((a, b) => b.rank - a.rank || b.at - a.at)
      return {
        schemaVersion: 1,
        ...identity,
        startedAt: Math.min(...begins),
        activity,
        messages: [...totals.values()].reduce((sum, { messages }) => sum + messages, 0),
        ...(usage && { usage }),
        ...(preview && { preview }),
        ...(Object.keys(titles).length > 0 && { titles }),
        ...(totals.size <= window && {
          scopes: [...totals.keys()].sort().map((scope) => {
            const { messages = 0, usage = {} } = totals.get(scope) ?? {}
            const whole = sumOf([usage])
            return whole ? ([scope, messages, whole] as const) : ([scope, messages] as const)
          }),
        }),
      }
    },
    get scopeCount(): number {
      return totals.size
    },
    /** How often two recordings of one slot had the same rank and were not the same. */
    get equalRanks(): number {
      const slots = [...Object.values(texts), activities]
      return slots.reduce((sum, slot) => sum + pairsOfOneRank(slot), 0)
    },
    get hasAstralText(): boolean {
      return Object.values(texts).some((slot) => slot.some(({ text }) => /[\u{10000}-\u{10ffff}]/u.test(text)))
    },
  }
}

/** The row as it is compared; the scopes in one order, or left out if some are no longer known. */
export function comparable(row: StoredRow, keepScopes: boolean): ComparableRow {
  const { epoch: _, scopes, ...rest } = row
  if (!keepScopes) return rest
  return { ...rest, scopes: scopes.toSorted(([a], [b]) => (a < b ? -1 : 1)) }
}

const usageNames = ['input', 'output', 'cacheRead', 'cacheWrite'] as const

/** By rank, then as Postgres compares with the collation "C". */
function byRankAndBytes(a: RankedText, b: RankedText): number {
  return a.rank - b.rank || Buffer.compare(Buffer.from(a.text), Buffer.from(b.text))
}

function sumOf(usages: readonly Partial<Record<keyof TokenUsage, number>>[]): TokenUsage | undefined {
  const given = usages.filter(({ input }) => input !== undefined)
  if (given.length === 0) return undefined
  const total = (name: keyof TokenUsage) => given.reduce((sum, usage) => sum + (usage[name] ?? 0), 0)
  const optional = (name: 'cacheRead' | 'cacheWrite') =>
    given.some((usage) => usage[name] !== undefined) ? { [name]: total(name) } : {}
  return { input: total('input'), output: total('output'), ...optional('cacheRead'), ...optional('cacheWrite') }
}

function pairsOfOneRank(recorded: readonly { readonly rank: number }[]): number {
  const sorted = recorded.toSorted((a, b) => a.rank - b.rank)
  return sorted.filter((item, index) => {
    const before = sorted[index - 1]
    return before?.rank === item.rank && JSON.stringify(before) !== JSON.stringify(item)
  }).length
}

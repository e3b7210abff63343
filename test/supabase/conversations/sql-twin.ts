import { isDeepStrictEqual } from 'node:util'
import {
  applyChange,
  maxScopes,
  type RankedText,
  type SessionChange,
  type StoredRow,
} from '../../../src/core/apply-change.js'
import type { TokenUsage } from '../../../src/core/session.js'
import { deliver, deliverWithin } from '../../support/deliveries.js'
import { historyOf } from '../../support/histories.js'
import { type Mutant, mutated } from '../../support/mutants.js'
import { randomOf } from '../../support/random.js'
import { sql } from '../supabase.js'
import { migrationText } from './migrated-database.js'

const applied = migrationText('20261123000460_apply_session_change')
const checks = migrationText('20261123000450_session_change_checks')

/** The pure functions of SQL in a schema of their own, perhaps with a mutant in them, beside those that others use. */
export async function sqlTwin(mutant?: Mutant) {
  const schema = `twin_${crypto.randomUUID().replaceAll('-', '')}`
  const source = mutant ? mutated(`${checks}\n${applied}`, mutant) : `${checks}\n${applied}`
  await sql(`create schema ${schema}`)
  await sql(source.replace(/\bapp\.(?!conversation_sessions)/g, `${schema}.`))
  await sql(`
    create function ${schema}.fold(p_sets jsonb) returns setof jsonb language plpgsql as $$
    declare
      v_row app.conversation_sessions;
      v_next app.conversation_sessions;
      v_set jsonb;
      v_change jsonb;
    begin
      for v_set in select jsonb_array_elements(p_sets) loop
        v_row := null;
        for v_change in select jsonb_array_elements(v_set) loop
          v_next := ${schema}.apply_session_change(v_row, v_change, 4102444800000);
          if v_next.user_id is not null then
            v_row := v_next;
          end if;
        end loop;
        return next to_jsonb(v_row);
      end loop;
    end $$`)

  return {
    /** The first set of changes, in the order in which they are applied, that TypeScript and SQL apply differently. */
    async differenceOn(sets: readonly (readonly SessionChange[])[]): Promise<string | undefined> {
      const rows = await sql(`select ${schema}.fold($1) as row`, [JSON.stringify(sets)])
      for (const [index, changes] of sets.entries()) {
        const bySql = rowOf(JSON.parse(rows[index]?.row ?? 'null'))
        const byTypeScript = foldAllowed(changes)
        if (!isDeepStrictEqual(bySql, byTypeScript)) {
          return `${JSON.stringify(bySql)} instead of ${JSON.stringify(byTypeScript)} after ${JSON.stringify(changes)}`
        }
      }
      return undefined
    },

    /** Of each value, whether it is a change that may be stored. */
    async accepts(values: readonly unknown[], now: number): Promise<readonly boolean[]> {
      const rows = await sql(
        `select ${schema}.is_session_change(v, $2)::text as is_change from jsonb_array_elements($1) with ordinality as e (v, n)
         order by n`,
        [JSON.stringify(values), now],
      )
      return rows.map(({ is_change }) => is_change === 'true')
    },

    drop: () => sql(`drop schema ${schema} cascade`),
  }
}

/** Sets of changes as they reach a database: in any order, repeated, with losses; every fiftieth with more scopes than a row keeps. */
export function setsOfChanges(firstSeed: number, count: number): readonly (readonly SessionChange[])[] {
  return Array.from({ length: count }, (_, index) => {
    const seed = firstSeed + index
    const random = randomOf(seed)
    if (index % 50 !== 0) return deliver(historyOf(seed, { scopes: 'few' }), random).changes
    const many = historyOf(seed, { scopes: 'many' })
    return (deliverWithin(many, random, maxScopes) ?? deliver(many, random)).changes
  })
}

function foldAllowed(changes: readonly SessionChange[]): Omit<StoredRow, 'epoch'> | undefined {
  let row: StoredRow | undefined
  for (const change of changes) {
    const next = applyChange(row, change)
    if (!('refused' in next)) row = next
  }
  if (!row) return undefined
  const { epoch: _, ...stored } = row
  return stored
}

/** A row of the table, as `to_jsonb` shows it, in the form of the package. */
function rowOf(columns: Record<string, unknown> | null): unknown {
  if (!columns || columns.user_id === null) return undefined
  const text = (name: string): RankedText | undefined =>
    columns[name] === null ? undefined : ({ text: columns[name], rank: columns[`${name}_rank`] } as RankedText)
  const usage: Partial<Record<keyof TokenUsage, unknown>> = present({
    input: columns.input_tokens,
    output: columns.output_tokens,
    cacheRead: columns.cache_read_tokens,
    cacheWrite: columns.cache_write_tokens,
  })
  const titles = present({ message: text('message_title'), app: text('app_title'), person: text('person_title') })
  return present({
    schemaVersion: columns.schema_version,
    userId: columns.user_id,
    workspace: columns.workspace,
    conversationId: columns.conversation_id,
    startedAt: columns.started_at,
    activity: { at: columns.activity_at, rank: columns.rank },
    messages: columns.messages,
    usage: Object.keys(usage).length > 0 ? usage : undefined,
    scopes: columns.scopes,
    preview: text('preview'),
    titles: Object.keys(titles).length > 0 ? titles : undefined,
  })
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readChange } from '../../../src/core/checks.js'
import { mutateValue } from '../../support/mutate-value.js'
import { randomOf } from '../../support/random.js'
import { sampleChange } from '../../support/sample-values.js'
import { supabase } from '../supabase.js'
import { setsOfChanges, sqlTwin } from './sql-twin.js'

// PGlite takes ten times as long.
const sets = Number(process.env.LEFTOFF_RUNS ?? (supabase.engine === 'postgres' ? 10_000 : 2_500))
const changes = 10_000
const now = 1_700_000_000_000
const maxRank = now + 10 * 366 * 86_400_000

describe('SQL and TypeScript', { timeout: 60_000 + 20 * sets }, () => {
  let twin: Awaited<ReturnType<typeof sqlTwin>>
  beforeAll(async () => {
    twin = await sqlTwin()
  })
  afterAll(() => twin.drop())

  it('make one row of a set of changes, in whatever order it arrives', async () => {
    const first = Math.floor(Math.random() * 2 ** 30)
    const batch = 250
    for (let done = 0; done < sets; done += batch)
      expect(await twin.differenceOn(setsOfChanges(first + done, batch))).toBeUndefined()
  })

  it('accept the same changes', async () => {
    const random = randomOf(Math.floor(Math.random() * 2 ** 30))
    const values = Array.from({ length: changes }, () =>
      storable(mutateValue(sampleChange(random), random, maxRank).value),
    )
    const bySql = await twin.accepts(values, now)
    const byTypeScript = values.map((value) => readChange(value, now).ok)
    for (const [index, value] of values.entries())
      if (bySql[index] !== byTypeScript[index]) throw new Error(`SQL says ${bySql[index]}: ${JSON.stringify(value)}`)
    const accepted = byTypeScript.filter(Boolean).length / changes
    console.info(`${changes} changes: ${(100 * accepted).toFixed(1)} % accepted`)
    expect(accepted).toBeGreaterThanOrEqual(0.3)
  })
})

/** The value as JSON has it, without what no JSON of Postgres holds, and with an epoch that is right: SQL stores none. */
function storable(value: unknown): unknown {
  const json = JSON.stringify(value ?? null).replace(/\\u0000|\\ud[89a-f]../g, '')
  const parsed: unknown = JSON.parse(json)
  const isChange = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
  return isChange ? { ...parsed, epoch: '' } : parsed
}

import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { type Checked, maxTime, readChange, readRow } from '../../src/core/checks.js'
import { isNewerRow } from '../../src/core/stored-row.js'
import { mutateValue } from '../support/mutate-value.js'
import { type Random, randomOf } from '../support/random.js'
import { sampleChange, sampleRow } from '../support/sample-values.js'
import { changeSchema, fieldName, fieldsOf, rowSchema } from '../support/schemas.js'

const mutations = 50_000
const now = 1_700_000_000_000
const maxRank = now + 10 * 366 * 86_400_000

describe('zod and the checkers agree, and name the same field', { timeout: 120_000 }, () => {
  it('on rows', () => {
    compare({ schema: rowSchema, read: readRow, sample: sampleRow, paths: rowPaths })
  })

  it('on changes', () => {
    const read = (value: unknown) => readChange(value, now)
    compare({ schema: changeSchema(maxRank), read, sample: sampleChange, paths: changePaths })
  })
})

describe('readRow', () => {
  it('names the part of a scope that is wrong', () => {
    const row = { ...sampleRow(randomOf(1)), scopes: [['abcdefgh', 1, { input: -1, output: 0 }]] }
    expect(readRow(row)).toEqual({ ok: false, field: 'scopes.0.input' })
  })
})

describe('readChange', () => {
  it('bounds ranks by the last time that a date can hold when the clock is near it', () => {
    const change = { userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', begins: maxTime }
    expect(readChange(change, maxTime)).toEqual({ ok: true, value: change })
    expect(readChange({ ...change, begins: maxTime + 1 }, maxTime)).toEqual({ ok: false, field: 'begins' })
  })
})

describe('isNewerRow', () => {
  it('knows rows of later versions, whatever else they hold', () => {
    expect([{ schemaVersion: 2 }, { schemaVersion: 1 }, { schemaVersion: '2' }, null, 2, {}].map(isNewerRow)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})

/** Reads mutated samples with both, and expects one verdict, one value and a field that zod names too. */
function compare<T>({
  schema,
  read,
  sample,
  paths,
}: {
  schema: z.ZodType
  read: (value: unknown) => Checked<T>
  sample: (random: Random) => unknown
  paths: readonly string[]
}): void {
  const random = randomOf(Math.floor(Math.random() * 2 ** 30))
  const mutatedPaths = new Map<string, number>()
  let accepted = 0
  for (let count = 0; count < mutations; count++) {
    const { value, path } = mutateValue(sample(random), random, maxRank)
    mutatedPaths.set(path, (mutatedPaths.get(path) ?? 0) + 1)
    const checked = read(value)
    const parsed = schema.safeParse(value)
    // Plain comparisons: 100,000 times `expect` take ten seconds.
    if (checked.ok !== parsed.success) throw new Error(`${path}: ${shown(checked)} for ${shown(value)}`)
    if (checked.ok) {
      accepted += 1
      // Nearly always of one text, fields in their order.
      const [ours, zods] = [shown(checked.value), shown(parsed.data)]
      if (ours !== zods && !isDeepStrictEqual(JSON.parse(ours), JSON.parse(zods)))
        throw new Error(`${path}: ${shown(checked)}`)
    } else if (parsed.error && !fieldsOf(parsed.error).includes(fieldName(checked.field.split('.')))) {
      throw new Error(`${path}: named ${checked.field}, not ${fieldsOf(parsed.error)}`)
    }
  }
  const fewest = Math.min(...paths.map((path) => mutatedPaths.get(path) ?? 0))
  console.info(
    `${mutations} mutated: ${((100 * accepted) / mutations).toFixed(1)} % accepted, each of ${paths.length} fields ${fewest} times or more`,
  )
  expect(accepted / mutations).toBeGreaterThanOrEqual(0.3)
  expect(fewest).toBeGreaterThanOrEqual(100)
}

/** Without fields that are `undefined`: storage keeps none. */
function shown(value: unknown): string {
  return JSON.stringify(value)
}

const usagePaths = (of: string) => ['input', 'output', 'cacheRead', 'cacheWrite'].map((name) => `${of}.${name}`)
const textPaths = ['preview', 'titles.message', 'titles.app', 'titles.person'].flatMap((slot) => [
  slot,
  `${slot}.text`,
  `${slot}.rank`,
])
const shared = ['value', 'userId', 'workspace', 'conversationId', 'epoch', 'activity', 'activity.at', 'activity.rank']
const changePaths = [
  ...shared,
  ...textPaths,
  'titles',
  'begins',
  'counts',
  'counts.*',
  'counts.*.messages',
  'counts.*.usage',
  ...usagePaths('counts.*.usage'),
]
const rowPaths = [
  ...shared,
  ...textPaths,
  'titles',
  'schemaVersion',
  'startedAt',
  'messages',
  'usage',
  ...usagePaths('usage'),
  'scopes',
  'scopes.*',
  'scopes.*.*',
  ...usagePaths('scopes.*.*'),
]

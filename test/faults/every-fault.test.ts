import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { faultIds, openFaults } from './open-faults.js'

const tests = fileURLToPath(new URL('..', import.meta.url))

/** The ids of all `fault()` calls in test files. */
async function testedIds(): Promise<readonly string[]> {
  const names = (await readdir(tests, { recursive: true })).filter(
    (name) => /\.test\.tsx?$/.test(name) && !name.includes('node_modules'),
  )
  const texts = await Promise.all(names.map((name) => readFile(`${tests}/${name}`, 'utf8')))
  return texts.flatMap((text) => [...text.matchAll(/\bfault\('(S\d+[a-z]?)'/g)].map(([, id = '']) => id))
}

describe('the faults of the store, its adapters and claims', () => {
  it('have one test each', async () => {
    expect((await testedIds()).toSorted()).toEqual(faultIds.toSorted())
  })

  it('include S1 to S40', () => {
    const numbers = new Set(faultIds.map((id) => Number.parseInt(id.slice(1), 10)))
    expect([...numbers]).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  })

  it('are listed as open at most once', () => {
    expect(openFaults.toSorted()).toEqual([...new Set(openFaults)].toSorted())
  })
})

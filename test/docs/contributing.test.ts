import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'

const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')))
const tests = Object.keys(scripts).filter((name) => name.startsWith('test:'))

describe('each test that has a command of its own', () => {
  it.each(tests)('%s is in CONTRIBUTING.md', (name) => {
    expect(read('CONTRIBUTING.md')).toContain(`\`npm run ${name}\``)
  })

  it.each(tests.filter((name) => name !== 'test:soak' && name !== 'test:mutation'))('%s is run by CI', (name) => {
    expect(read('.ci/run')).toMatch(new RegExp(`^npm run ${name}\\b`, 'm'))
  })

  it('is found', () => {
    expect(tests).toContain('test:postgres')
  })
})

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

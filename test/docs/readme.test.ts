import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const lines = readme.trimEnd().split('\n')

describe('the README', () => {
  it('has 250 lines at most: the rest is in docs', () => {
    expect(lines.length).toBeLessThanOrEqual(250)
  })

  it('has two lines to paste in a clone, and no third', () => {
    expect(lines.filter((line) => line.startsWith('npm ci && '))).toEqual([
      'npm ci && npm run demo',
      'npm ci && npm test',
    ])
  })

  it('links each promise to a test', () => {
    const promises = lines.filter((line) => /^\d\. \*\*/.test(line))
    expect(promises.length).toBeGreaterThanOrEqual(7)
    for (const promise of promises) expect(promise).toMatch(/\]\(test\/\S+\.test\.tsx?\)/)
  })
})

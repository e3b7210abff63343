import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('what a reader would not guess is said', () => {
  it('in the first lines of the README: for whom it is, and what it does not do', () => {
    const [first = ''] = read('README.md').split('```')
    expect(first).toMatch(/^For chat and agent apps\. /m)
    expect(first).toContain('leftoff does not store messages')
  })

  it.each([
    ['README.md', /Dexie itself is \d+ kB more/],
    ['docs/storage.md', 'Safari deletes what a site stored in it after 7 days without a visit'],
    ['docs/tabs.md', 'after 7 days without a visit'],
    ['docs/tabs.md', 'Supported are the browsers of the last two years. The oldest Safari'],
    ['docs/errors.md', 'once gives no room back'],
    ['docs/recipes.md', 'need Node 22'],
  ])('in %s: %s', (path, text) => {
    expect(read(path).replaceAll(/\s+/g, ' ')).toEqual(
      typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text),
    )
  })
})

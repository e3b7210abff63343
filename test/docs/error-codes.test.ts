import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const codes = codesIn(read('src/core/error.ts'), /^ {2}\| '([a-z-]+)'$/gm)
const guide = read('docs/errors.md')
const sections = guide.split(/^## /m).slice(1)

describe('the error codes', () => {
  it('are found in the source', () => {
    expect(codes).toContain('invalid-argument')
  })

  it('have a section each in docs/errors.md, and none is of a code that is gone', () => {
    expect(codesIn(guide, /^## (.+)$/gm)).toEqual(codes)
  })

  it('have a row each in the README, and none is of a code that is gone', () => {
    const table = read('README.md').split('## Errors')[1]?.split('\n## ')[0] ?? ''
    expect(codesIn(table, /^\| `([^`]+)` \|/gm)).toEqual(codes)
  })

  it.each(sections.map((section) => [section.split('\n')[0], section]))('%s has a cause and a cure', (_, section) => {
    expect(section).toMatch(/^\*\*Cause\.\*\* \S/m)
    expect(section).toMatch(/^\*\*Cure\.\*\* \S/m)
  })
})

function codesIn(text: string, pattern: RegExp): readonly (string | undefined)[] {
  return [...text.matchAll(pattern)].map(([, code]) => code).sort()
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

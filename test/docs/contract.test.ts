import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('the README shows SessionAdapter as it is, without its sentences', () => {
  const shown = membersIn(read('README.md'))
  expect(shown.length).toBeGreaterThan(5)
  expect(shown).toEqual(membersIn(read('src/core/adapter.ts').replaceAll(/^ *\/\*\*[\s\S]*?\*\/\n/gm, '')))
})

function membersIn(text: string): readonly string[] {
  return text.split('interface SessionAdapter {\n')[1]?.split('\n}')[0]?.split('\n') ?? []
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

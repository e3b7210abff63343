import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { entries, packageRoot } from './package-root.js'

const guides = readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'))
const documents = ['README.md', ...guides.map((name) => join('docs', name))]
const words = new Set(documents.flatMap((path) => read(path).match(/[\p{L}_$][\w$]*/gu) ?? []))

describe('the README and the guides', () => {
  it.each([...entries.keys()])('name every export of %s', async (name) => {
    const exported = Object.keys(await import(name))
    expect(exported.filter((word) => !words.has(word))).toEqual([])
  })

  it('name no hook, factory or component that is not there', async () => {
    const exported = new Set<string>()
    for (const name of entries.keys()) for (const word of Object.keys(await import(name))) exported.add(word)
    const inline = documents.flatMap((path) => [...read(path).matchAll(/`<?(\w+)(?:\([^`]*\)| [^`]*\/?>)?`/g)])
    const named = inline.map(([, word = '']) => word).filter((word) => ours.test(word) && !theirs.has(word))
    expect(named.filter((word) => !exported.has(word))).toEqual([])
    expect(named).toContain('useSessionEvent')
  })
})

const ours = /^(use[A-Z]\w+|\w+(Adapter|AgentSessions|Conformance|Driver)|Session(Provider|History)|NewChatButton)$/
/** Types and names of other packages. */
const theirs = new Set([
  'SessionAdapter',
  'AgentDriver',
  'useState',
  'useStore',
  'usePathname',
  'useChat',
  'useExternalStoreRuntime',
])

function read(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8')
}

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const documents = ['README.md', ...filesOf('docs/', /^(?!api\/).*\.md$/), ...filesOf('src/', /\.tsx?$/)]
const blocks = documents.flatMap((document) =>
  [...read(document).matchAll(/^[ *]*```tsx?\n([\s\S]*?)^[ *]*```$/gm)].map(([, code = '']) => ({ document, code })),
)

describe('an example that is pasted as it stands', () => {
  const agents = blocks.filter(({ code }) => code.includes("from '@anthropic-ai/claude-agent-sdk'"))
  const started = agents.filter(({ code }) => /\bquery\(/.test(code))

  it.each(started)('names the tools of the agent it starts, in $document', ({ code }) => {
    expect(code).toMatch(/\btools: \[/)
  })

  it.each(started)('names what the agent gets of the environment, in $document', ({ code }) => {
    expect(code).toMatch(/\benv\b/)
    expect(code).not.toContain('...process.env')
  })

  // Clients choose ids, so an id alone may be of another user's conversation.
  const keyed = blocks.flatMap(({ document, code }) =>
    [...code.matchAll(/\b(?:tabKey|sessionKey|upsertMessage)\(\{[^}]*\}/g)].map(([call]) => ({ document, call })),
  )

  it.each(keyed)('has the user in $call, in $document', ({ call }) => {
    expect(call).toMatch(/\buserId\b/)
  })

  it('is found', () => {
    expect(started.map(({ document }) => document)).toContain('README.md')
    expect(keyed.map(({ document }) => document)).toContain('README.md')
  })
})

function filesOf(folder: string, pattern: RegExp): readonly string[] {
  const paths = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
  return paths.filter((path) => pattern.test(path)).map((path) => folder + path)
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

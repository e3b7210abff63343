import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { headingsOf, linksOf } from '../../scripts/markdown-links.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guides = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`)
const shipped = ['README.md', 'CHANGELOG.md', ...guides.filter((path) => /^docs\/(?!api\/).*\.md$/.test(path))]
const documents = [...shipped, 'CONTRIBUTING.md', 'SECURITY.md', 'examples/chat/README.md', 'supabase/local/README.md']

describe('links', () => {
  it.each(documents)('of %s lead to a file or a heading that is there', (document) => {
    const dead = linksIn(document).filter(({ path, heading }) => {
      if (!existsSync(join(root, path))) return true
      return heading !== '' && !headingsOf(read(path)).includes(heading)
    })
    expect(dead).toEqual([])
  })

  it.each(guides.filter((path) => /^docs\/(?!README)[^/]+\.md$/.test(path)))(
    'lead from docs/README.md to %s',
    (guide) => {
      expect(linksIn('docs/README.md').map(({ path }) => path)).toContain(guide)
    },
  )
})

/** The text of a document, and its links. `scripts/check-links.mjs` asks more of those in the package. */
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const linksIn = (document: string) => linksOf(document, read(document)).filter(({ path }) => path !== '')

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guides = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`)
const shipped = ['README.md', 'CHANGELOG.md', ...guides.filter((path) => /^docs\/(?!api\/).*\.md$/.test(path))]
const documents = [...shipped, 'CONTRIBUTING.md', 'SECURITY.md', 'examples/chat/README.md', 'supabase/local/README.md']

describe('links', () => {
  it.each(documents)('of %s lead to a file or a heading that is there', (document) => {
    const dead = linksOf(document).filter(({ path, heading }) => {
      if (!existsSync(join(root, path))) return true
      return heading !== '' && !headingsOf(path).includes(heading)
    })
    expect(dead).toEqual([])
  })

  it.each(guides.filter((path) => /^docs\/(?!README)[^/]+\.md$/.test(path)))(
    'lead from docs/README.md to %s',
    (guide) => {
      expect(linksOf('docs/README.md').map(({ path }) => path)).toContain(guide)
    },
  )

  // Someone who reads the README in node_modules is told that these lead into the repository.
  const inRepository = /^(test|examples|src|supabase\/local|supabase\/config\.toml|CONTRIBUTING\.md|SECURITY\.md)/
  const inPackage = /^(docs\/(?!api\/).*|supabase\/migrations|CHANGELOG\.md|README\.md|LICENSE)$/

  it.each(shipped)('of %s lead into the npm package, or to tests, examples and sources', (document) => {
    const outside = linksOf(document).filter(({ path }) => !inPackage.test(path) && !inRepository.test(path))
    expect(outside).toEqual([])
  })
})

interface Link {
  /** From the root. */
  readonly path: string
  readonly heading: string
}

function linksOf(document: string): readonly Link[] {
  const targets = [...withoutCode(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', heading = ''] = target.split('#')
      return { path: path === '' ? document : normalize(join(dirname(document), path)), heading }
    })
}

/** As they are named in links: small letters, hyphens, no punctuation. */
function headingsOf(path: string): readonly string[] {
  if (statSync(join(root, path)).isDirectory()) return []
  const headings = [...withoutCode(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(path: string): string {
  return readFileSync(join(root, path), 'utf8').replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
}

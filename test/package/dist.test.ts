import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { entries, packageJson, packageRoot } from './package-root.js'

const built = readdirSync(join(packageRoot, 'dist'), { recursive: true, encoding: 'utf8' }).map(
  (path) => `dist/${path}`,
)
const modules = built.filter((path) => path.endsWith('.js'))
const declarations = built.filter((path) => path.endsWith('.d.ts'))

// zod stays out of what runs in browsers, zustand, React and Node out of what runs on any server.
const packagesByEntry: Record<string, readonly string[]> = {
  leftoff: ['zustand'],
  'leftoff/react': ['react', 'zustand'],
  'leftoff/dexie': ['dexie'],
  'leftoff/legacy': [],
  'leftoff/supabase': [],
  'leftoff/ai-sdk': [],
  'leftoff/server': [],
  'leftoff/agents/claude': ['node:fs', 'node:path', 'node:util'],
  'leftoff/testing': ['vitest'],
}

describe('dist', () => {
  it('has code and types for every entry', () => {
    for (const [name, files] of entries) {
      expect(existsSync(join(packageRoot, files.default)), `${name}: ${files.default}`).toBe(true)
      // attw finds nothing wrong with a package without types.
      expect(read(files.types), `${name}: ${files.types}`).toMatch(/^export /m)
    }
    expect(Object.keys(packagesByEntry)).toEqual([...entries.keys()])
  })

  it('has the style sheet as it is written, the one file that a bundler must keep', () => {
    expect(read('dist/react/styles.css')).toBe(read('src/react/styles.css'))
    expect(packageJson.sideEffects).toEqual([packageJson.exports['./react/styles.css']])
  })

  it('holds code of this package only', () => {
    const sourceMap = z.object({ sources: z.array(z.string()), sourcesContent: z.array(z.string()) })
    for (const path of modules) {
      const { sources, sourcesContent } = sourceMap.parse(JSON.parse(read(`${path}.map`)))
      // src/ is not packed, so the map brings it.
      expect(sourcesContent.length, path).toBe(sources.length)
      const inRepository = sources.map((source) => relative(packageRoot, join(packageRoot, dirname(path), source)))
      expect(
        inRepository.filter((source) => !source.startsWith('src/')),
        path,
      ).toEqual([])
    }
  })

  it('imports only what package.json names as a dependency or a peer', () => {
    const known = Object.keys({ ...packageJson.dependencies, ...packageJson.peerDependencies })
    for (const path of [...modules, ...declarations]) {
      const unknown = importsOf(path).filter((source) => !source.startsWith('.') && !source.startsWith('node:'))
      expect(
        unknown.filter((source) => !known.includes(packageOf(source))),
        path,
      ).toEqual([])
    }
  })

  it('shows no zod type in a declaration', () => {
    for (const path of declarations) expect(importsOf(path).map(packageOf), path).not.toContain('zod')
  })

  it("marks leftoff/react, and nothing else, with 'use client'", () => {
    const marked = modules.filter((path) => /^['"]use client['"]/.test(read(path)))
    expect(marked).toEqual(['dist/react/index.js'])
  })

  it.each(Object.entries(packagesByEntry))('needs for %s these packages and no other', (name, packages) => {
    expect(packagesReachedFrom(entries.get(name)?.default ?? '')).toEqual(packages)
  })

  it('can be required and imported by Node, each entry in a process of its own', () => {
    for (const name of entries.keys()) {
      for (const script of [`require('${name}')`, `import('${name}').catch(() => process.exit(1))`]) {
        execFileSync(process.execPath, ['--eval', script], { cwd: packageRoot, stdio: ['ignore', 'ignore', 'pipe'] })
      }
    }
  })

  it.each([...entries.keys()])('does no work while %s is imported', (name) => {
    const script = fileURLToPath(new URL('watch-import.mjs', import.meta.url))
    const read = execFileSync(process.execPath, [script, name], { cwd: packageRoot, encoding: 'utf8' })
    // Which effect hook React takes without a warning depends on there being a document.
    expect(JSON.parse(read)).toEqual(name === 'leftoff/react' ? ['document'] : [])
  })

  it('goes to npm with guides, examples, migrations, licence and the tests that the README names, and without sources or settings', () => {
    const packed = z.array(z.object({ files: z.array(z.object({ path: z.string() })) }))
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: packageRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    })
    const paths = packed.parse(JSON.parse(output)).flatMap(({ files }) => files.map(({ path }) => path))
    const besides = paths.filter(
      (path) => !/^(dist|examples(?!\/chat)|supabase\/migrations|docs(?!\/api))\//.test(path),
    )
    const named = [...read('README.md').matchAll(/\]\((test\/[^)#]+)/g)].map(([, path = '']) => path)
    const pages = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
    expect(new Set(besides)).toEqual(new Set([...pages, ...named]))
    expect(paths.filter((path) => path.startsWith('supabase/migrations/')).length).toBeGreaterThan(0)
    expect(paths).toContain('docs/errors.md')
    expect(paths).toEqual(
      expect.arrayContaining(
        [...entries.values()].flatMap((files) => [files.default, files.types].map((path) => path.slice(2))),
      ),
    )
  })
})

function read(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8')
}

function importsOf(path: string): string[] {
  const withoutComments = read(path).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const statements = withoutComments.matchAll(/\b(?:from|import\s*\(?)\s*["']([^"'\n]+)["']/g)
  return [...statements].flatMap(([, source]) => (source === undefined ? [] : [source]))
}

/** `zod` of `zod/mini`; `@scope/name` of `@scope/name/part`. */
function packageOf(source: string): string {
  return source.split('/', source.startsWith('@') ? 2 : 1).join('/')
}

function packagesReachedFrom(entry: string): string[] {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const open = [entry]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const source of importsOf(path)) {
      if (source.startsWith('.')) open.push(join(dirname(path), source))
      else packages.add(packageOf(source))
    }
  }
  return [...packages].sort()
}

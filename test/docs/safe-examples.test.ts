import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const documents = ['README.md', ...filesOf('docs/', /^(?!api\/).*\.md$/), ...filesOf('src/', /\.tsx?$/)]
const inDocuments = documents.flatMap((document) =>
  [...read(document).matchAll(/^[ *]*```(?:ts|js)x?\n([\s\S]*?)^[ *]*```$/gm)].map(([, code = '']) => ({
    document,
    code,
  })),
)
// Folder by folder: the packages that an example has installed hold this repository again.
const folders = readdirSync(new URL('examples/', root)).flatMap((name) => sourceFolders(`examples/${name}/`))
const files = folders.flatMap((folder) => filesOf(folder, /^[^/]+\.tsx?$/, false))
const blocks = [...inDocuments, ...files.map((document) => ({ document, code: read(document) }))]

describe('an example that is pasted or copied as it stands', () => {
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

  // The handler tells whose message it is; an example that does not look keeps it under an id of the client's.
  const keeping = blocks.flatMap(({ document, code }) =>
    [...code.matchAll(/\bon(?:Question|Answer): \(\{([^}]*)\}\)/g)].map(([call]) => ({ document, call })),
  )

  it.each(keeping)('keeps a message with its user, in $document', ({ call }) => {
    expect(call).toMatch(/\buserId\b|\.\.\.\w/) // by name, or with all that is left
  })

  // A pool emits what happens to its idle connections, and an event `error` that nobody hears ends the process.
  const pools = blocks.filter(({ code }) => code.includes('new pg.Pool('))

  it.each(pools)('hears the errors of its pool, in $document', ({ code }) => {
    expect(code).toContain("pool.on('error', ")
  })

  // A browser remembers what was sent in a field, and a sign-out does not make it forget.
  const fields = [...documents, ...files].flatMap((document) =>
    [...read(document).matchAll(/<(?:input|textarea|ComposerPrimitive\.Input)\b(?:=>|[^>])*>/g)].map(([field]) => ({
      document,
      field,
    })),
  )

  it.each(fields)('says whether the browser may remember what is written in $field, in $document', ({ field }) => {
    expect(field).toMatch(/\bautocomplete=/i)
  })

  const messageRoutes = blocks.filter(({ code }) => /\bget\('\/api\/messages\/|^\/\/ app\/api\/messages\//m.test(code))

  it.each(messageRoutes)('lets no cache keep messages, in $document', ({ code }) => {
    expect(code).toMatch(/'Cache-Control'[:,] 'no-store'/)
  })

  // Anyone may send one of any length, whatever its header says.
  const reading = blocks.filter(({ code }) =>
    /\breadJsonBody\(|\b(?:request|c\.req(?:\.raw)?)\.(?:json|text|formData|arrayBuffer|blob)\(/.test(code),
  )

  it.each(reading)('reads no more of a request than it allows, in $document', ({ code }) => {
    expect(code).toMatch(/\breadJsonBody\(|\bbodyLimit\(/)
  })

  it('is found', () => {
    expect(reading.map(({ document }) => document)).toEqual(
      expect.arrayContaining([
        'docs/guests.md',
        'docs/server.md',
        'examples/routes/claim-route.ts',
        'examples/chat/server/app.ts',
      ]),
    )
    expect(fields.map(({ document }) => document)).toEqual(
      expect.arrayContaining([
        'README.md',
        'docs/start-next.md',
        'docs/frameworks.md',
        'examples/recipes/ai-sdk/chat.tsx',
      ]),
    )
    expect(messageRoutes.map(({ document }) => document)).toEqual(
      expect.arrayContaining(['docs/start-next.md', 'docs/start-vite.md', 'examples/recipes/ai-sdk/server.ts']),
    )
    expect(pools.map(({ document }) => document)).toContain('docs/server.md')
    expect(keeping.map(({ document }) => document)).toEqual(
      expect.arrayContaining(['README.md', 'examples/routes/turns.ts']),
    )
    expect(started.map(({ document }) => document)).toEqual(
      expect.arrayContaining(['README.md', 'examples/routes/claude-turns.ts']),
    )
    expect(keyed.map(({ document }) => document)).toContain('README.md')
  })
})

/** The folder and those in it that hold code of the example's own, its tests apart. */
function sourceFolders(folder: string): readonly string[] {
  const below = readdirSync(new URL(folder, root), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const own = below.filter(({ name }) => !['node_modules', 'dist', 'test'].includes(name) && !name.startsWith('.'))
  return [folder, ...own.flatMap(({ name }) => sourceFolders(`${folder}${name}/`))]
}

function filesOf(folder: string, pattern: RegExp, recursive = true): readonly string[] {
  const paths = readdirSync(new URL(folder, root), { recursive, encoding: 'utf8' })
  return paths.filter((path) => pattern.test(path)).map((path) => folder + path)
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

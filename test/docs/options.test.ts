import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'

// What createX, a hook or an adapter takes. `WithSessions` has what an agent with sessions needs besides.
const named =
  /^(?!Lease|Rpc|Stream|Sql|Query|Turn(Watchdog|Feed|Sink|Response)|LiveTurn|LogWriter|Caller|PartWriter)\w+(Options|Settings)$|^With(out)?Sessions$/
/** Shown where the function is: docs/transcripts.md and docs/server.md. */
const elsewhere = [
  'ReadTranscriptOptions',
  'StatelessDriverOptions',
  'LookupCacheOptions',
  'ChatTransportOptions',
  'OpenOptions',
]

const engines = z.object({ node: z.optional(z.string()) })
const lockfile = z.object({ packages: z.record(z.string(), z.object({ engines: z.optional(engines) })) })
const source = new URL('../../src/', import.meta.url)
const options = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .flatMap((path) => interfacesIn(path))
  .filter(({ name }) => named.test(name) && !elsewhere.includes(name))

describe('docs/options.md has each option', () => {
  const words = new Set(read('../docs/options.md').match(/[\w$]+/g))

  it.each(options)('of $name', ({ members }) => {
    expect(members.filter((member) => !words.has(member))).toEqual([])
  })

  it('that is found', () => {
    expect(options.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'SessionStoreOptions',
        'TurnHandlerSettings',
        'TurnClientOptions',
        'DexieAdapterOptions',
      ]),
    )
  })
})

it('docs/recipes.md says which Node the packages of the recipes ask for', () => {
  const { packages } = lockfile.parse(JSON.parse(read('../examples/recipes/package-lock.json')))
  const asked = /^>=(\d+)/.exec(packages['node_modules/ai']?.engines?.node ?? '')?.[1]
  expect(asked).toMatch(/^\d+$/)
  expect(read('../docs/recipes.md')).toContain(`need Node ${asked}`)
})

function interfacesIn(path: string): readonly { name: string; members: readonly string[] }[] {
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest)
  return file.statements.filter(ts.isInterfaceDeclaration).map(({ name, members }) => ({
    name: name.text,
    members: members.flatMap((member) => (member.name && ts.isIdentifier(member.name) ? [member.name.text] : [])),
  }))
}

function read(path: string): string {
  return readFileSync(new URL(path, source), 'utf8')
}

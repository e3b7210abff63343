import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, it } from 'vitest'

const sources = new URL('../../src/', import.meta.url)

const contracts = [
  { name: 'SessionAdapter', path: 'core/session-adapter.ts', suite: 'session-adapter-', members: 11 },
  { name: 'TurnLog', path: 'server/turn-log.ts', suite: 'turn-log-', members: 6 },
]

it.each(contracts)('each sentence of $name is the title of a test, and each test has its sentence', (contract) => {
  const sentences = sentencesOfContract(contract.path, contract.name)
  expect(Object.keys(sentences).length).toBeGreaterThanOrEqual(contract.members)
  expect(titlesOfSuite(contract.suite)).toEqual(sentences)
})

/** By member, in order. Those of the interface itself stand in its last paragraph. */
function sentencesOfContract(path: string, name: string): Record<string, readonly string[]> {
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)
  const contract = file.statements.find(
    (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === name,
  )
  const found = new Map([['every call', sentencesIn(docOf(contract).split('\n\n').at(-1) ?? '')]])
  for (const member of contract?.members ?? []) {
    const sentences = sentencesIn(docOf(member))
    if (sentences.length > 0) found.set(member.name?.getText() ?? '', sentences)
  }
  return Object.fromEntries(found)
}

function docOf(node: ts.Node | undefined): string {
  const [doc] = node ? ts.getJSDocCommentsAndTags(node) : []
  return (doc && ts.isJSDoc(doc) && ts.getTextOfJSDocComment(doc.comment)) || ''
}

function sentencesIn(text: string): readonly string[] {
  return text
    .split(/(?<=\.)\s+/)
    .map((sentence) => sentence.replaceAll(/\s+/g, ' ').replace(/\.$/, ''))
    .filter((sentence) => sentence !== '')
}

/** What the suite describes by member: the titles of the tests, or of what groups several tests of one sentence. */
function titlesOfSuite(prefix: string): Record<string, readonly string[]> {
  const found: Record<string, string[]> = {}
  for (const name of readdirSync(new URL('testing/', sources))) {
    if (!name.startsWith(prefix)) continue
    const file = ts.createSourceFile(name, read(`testing/${name}`), ts.ScriptTarget.Latest, true)
    for (const [member, body] of calls(file)) {
      const titles = [...calls(body)].map(([title]) => title)
      expect(found[member] ?? [], `${member} is described twice`).toEqual([])
      found[member] = titles
    }
  }
  return found
}

/** The outermost calls of `describe` and `it` in `node`, with what they run. */
function* calls(node: ts.Node): Generator<[title: string, body: ts.Node]> {
  for (const child of node.getChildren()) {
    const call = ts.isCallExpression(child) ? child : undefined
    const [title, body] = call?.arguments ?? []
    if (call && title && body && ['describe', 'it'].includes(call.expression.getText())) {
      if (!ts.isStringLiteralLike(title)) throw new Error(`A title is no literal: ${title.getText()}`)
      yield [title.text, body]
    } else yield* calls(child)
  }
}

function read(path: string): string {
  return readFileSync(new URL(path, sources), 'utf8')
}

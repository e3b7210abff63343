// Type-checks the code of the docs against the built package, so that no example rots: each block of TypeScript or JavaScript in
// README.md, docs/ and the examples' README.md, and each @example of a docstring in src/. A block is a module of its own. One that
// begins with a comment naming its file, such as `// src/chat.tsx`, can be imported by the others of its document. Names that a block
// takes from the reader's app are declared in docs-preamble.d.ts. There is no way for a block to opt out.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** @typedef {{ file: string, line: number, language: string, code: string }} Block */

const root = fileURLToPath(new URL('..', import.meta.url))
// Below package.json, so that `leftoff` in a block is this package, as its users see it.
const folder = join(root, '.cache', 'docs')

const blocks = [
  ...['README.md', ...filesOf('docs', /\.md$/), ...readmesOf('examples')].flatMap(blocksOfMarkdown),
  ...docstrings(),
]
const problems = check(blocks)
for (const problem of problems) console.error(problem)
console.log(`${blocks.length} examples checked, ${problems.length} errors`)
if (problems.length > 0 || blocks.length === 0) process.exit(1)

function docstrings() {
  return filesOf('src', /\.tsx?$/).flatMap(blocksOfSource)
}

/**
 * @param {string} below
 * @param {RegExp} pattern
 */
function filesOf(below, pattern) {
  const paths = readdirSync(join(root, below), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(below, path).replaceAll('\\', '/'),
  )
  return paths.filter((path) => pattern.test(path) && !path.startsWith('docs/api/')).sort()
}

/**
 * Of the folders in `below`, and not further down: one that is a package of its own may have this one installed, which never ends.
 *
 * @param {string} below
 */
function readmesOf(below) {
  const readmes = readdirSync(join(root, below)).map((name) => `${below}/${name}/README.md`)
  return readmes.filter((path) => existsSync(join(root, path))).sort()
}

/**
 * @param {string} file
 * @returns {Block[]}
 */
function blocksOfMarkdown(file) {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^( *)```((?:ts|js)x?)\b.*\n([\s\S]*?)^ *```$/gm)].map(
    ({ index, 2: language = 'ts', 3: code = '' }) => ({ file, line: lineAt(text, index) + 1, language, code }),
  )
}

/**
 * @param {string} file
 * @returns {Block[]}
 */
function blocksOfSource(file) {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^ *\* @example\b[^\n]*\n([\s\S]*?)(?=^ *\* @|^ *\*\/)/gm)].map(({ index, 0: example }) => {
    const [, before = '', language, code] = /^([\s\S]*?)```(tsx?)\n([\s\S]*?)```/.exec(example) ?? []
    const line = lineAt(text, index)
    if (!language || code === undefined)
      throw new Error(`${file}:${line}: an @example is a \`\`\`ts or \`\`\`tsx block`)
    return { file, line: line + lineAt(before, before.length), language, code: code.replaceAll(/^ *\* ?/gm, '') }
  })
}

/**
 * The 1-based line of `index` in `text`.
 *
 * @param {string} text
 * @param {number} index
 */
function lineAt(text, index) {
  return text.slice(0, index).split('\n').length
}

/**
 * What TypeScript finds wrong, at the lines of the docs.
 *
 * @param {readonly Block[]} blocks
 */
function check(blocks) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  /** @type {Map<string, Block>} */
  const byPath = new Map()
  for (const block of blocks) {
    const named = join(folder, block.file, nameOf(block))
    // A file that is shown twice is there as it is shown first; the other has what it imports beside it.
    const path = byPath.has(named) ? join(dirname(named), `again-${byPath.size}.${block.language}`) : named
    byPath.set(path, block)
    mkdirSync(dirname(path), { recursive: true })
    // A block without imports is a module too: what it declares is its own.
    writeFileSync(path, `${block.code}\nexport {}\n`)
  }

  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  // As in an app with a bundler, which imports its own files without an extension.
  const settings = { ...config.compilerOptions, module: 'ESNext', moduleResolution: 'Bundler' }
  const { options } = ts.convertCompilerOptionsFromJson(settings, root)
  const preamble = join(root, 'scripts/docs-preamble.d.ts')
  // With `skipLibCheck` the preamble would go unchecked, and a type it takes from the package that is gone would be `any`.
  const program = ts.createProgram([preamble, ...byPath.keys()], { ...options, skipLibCheck: false })
  const files = program.getSourceFiles().filter(({ fileName }) => byPath.has(fileName) || fileName === preamble)
  const found = [
    ...program.getGlobalDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...files.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ]
  // A block may be the body of a request handler.
  const returnOutsideFunction = 1108
  const wrong = found.filter(({ code }) => code !== returnOutsideFunction)
  return wrong.map(({ file, start = 0, messageText }) => {
    const block = file && byPath.get(file.fileName)
    const line = file ? file.getLineAndCharacterOfPosition(start).line + (block ? block.line : 1) : 0
    return `${block?.file ?? file?.fileName ?? 'tsconfig.json'}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/**
 * Its file in the reader's app; a name of its own if it does not say.
 *
 * @param {Block} block
 */
function nameOf({ code, line, language }) {
  return /^\/\/ ([\w./[\]-]+\.(?:ts|js)x?)$/m.exec(code.slice(0, code.indexOf('\n')))?.[1] ?? `line-${line}.${language}`
}

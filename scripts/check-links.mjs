// Packs the package as `npm publish` would and looks at each link of its Markdown files: it leads to a file and a heading in the package, or to an
// address of the web. Images stay out of the package: a registry's page shows them from the repository, by the same path below docs/images.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { headingsOf, linksOf } from './markdown-links.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'leftoff-links-'))
try {
  // What is linked is text, so nothing has to be built.
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  })
  const [{ filename }] = JSON.parse(packed.toString())
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder])
  const { count, problems } = check(join(folder, 'package'))
  for (const problem of problems) console.error(problem)
  console.log(`${count} links of the package checked, ${problems.length} errors`)
  if (count === 0 || problems.length > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}

/** @param {string} home the unpacked package */
function check(home) {
  const paths = readdirSync(home, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  /** @type {string[]} */
  const problems = []
  let count = 0
  for (const document of paths.filter((path) => path.endsWith('.md'))) {
    for (const link of linksOf(document, readFileSync(join(home, document), 'utf8'))) {
      count += 1
      const problem = problemOf(link, home)
      if (problem) problems.push(`${document}: ${link.target} ${problem}`)
    }
  }
  return { count, problems }
}

/**
 * @param {import('./markdown-links.mjs').Link} link
 * @param {string} home
 */
function problemOf({ target, path, heading, isImage }, home) {
  if (path === '') return /^(?:https:\/\/|mailto:)/.test(target) ? undefined : 'is no https address'
  if (existsSync(join(home, path))) {
    if (heading === '') return undefined
    return headingsOf(readFileSync(join(home, path), 'utf8')).includes(heading)
      ? undefined
      : 'names a heading that is missing'
  }
  if (!isImage) return 'is not in the package'
  const isInRepository = path.startsWith('docs/images/') && existsSync(join(root, path))
  return isInRepository ? undefined : 'is an image outside of docs/images'
}

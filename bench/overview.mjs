import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * What a bench says about itself, under `about` in its `docs/benchmarks/<name>.json`.
 *
 * @typedef {object} About
 * @property {string} title
 * @property {string} measured What is measured, in a sentence or two.
 * @property {readonly string[]} found What came out, a sentence each.
 * @property {string} notShown
 */

const docs = fileURLToPath(new URL('../docs', import.meta.url))

/** Writes `docs/benchmarks.md`, the page over the pages that the benches wrote when they ran last. */
export async function writeOverview() {
  const files = await readdir(`${docs}/benchmarks`)
  const names = files.filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -'.md'.length))
  const parts = await Promise.all(
    names.sort().map((name) => (files.includes(`${name}.json`) ? aboutFigures(name) : aboutPage(name))),
  )
  await writeFile(`${docs}/benchmarks.md`, asPage(parts))
}

/** @param {string} name */
async function aboutFigures(name) {
  /** @type {{ about?: About }} */
  const { about } = JSON.parse(await readFile(`${docs}/benchmarks/${name}.json`, 'utf8'))
  if (!about) throw new Error(`docs/benchmarks/${name}.json has no \`about\`: run that bench again with --write.`)
  const { title, measured, found, notShown } = about
  return `## ${title}

${measured}

${found.map((sentence) => `- ${sentence}`).join('\n')}

Not shown: ${notShown}

Tables and charts: [${name}](benchmarks/${name}.md). Figures: [${name}.json](benchmarks/${name}.json). On your machine: \`npm run bench -- ${name}\`.`
}

/** Of a page that is written by hand: how it begins. @param {string} name */
async function aboutPage(name) {
  const page = await readFile(`${docs}/benchmarks/${name}.md`, 'utf8')
  const [heading = '', measured = ''] = page.split(/\n\n+/)
  return `#${heading}

${measured}

Tables: [${name}](benchmarks/${name}.md). On your machine: \`npm run bench -- ${name}\`.`
}

/** @param {readonly string[]} parts */
function asPage(parts) {
  return `# Benchmarks

<!-- Written by bench/run.mjs: npm run bench -- --write -->

\`npm run bench\` runs all of them, \`npm run bench -- --quick\` tries them out in a few minutes, \`npm run bench -- --help\` lists the options.
Counts are exact. Times are those of one machine, which others may have used too: what stands beside each other was measured in
turn, in one run, and is good for comparing, not as a promise for another machine. Nothing here is a test; \`npm test\` measures no time.

${parts.join('\n\n')}
`
}

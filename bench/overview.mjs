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

/** Writes `docs/benchmarks.md`, the page over all benches, from what each wrote when it ran last. */
export async function writeOverview() {
  const names = (await readdir(`${docs}/benchmarks`))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
  const parts = await Promise.all(names.map(async (name) => asPart(name, await aboutOf(name))))
  await writeFile(`${docs}/benchmarks.md`, asPage(parts))
}

/**
 * @param {string} name
 * @returns {Promise<About>}
 */
async function aboutOf(name) {
  const { about } = JSON.parse(await readFile(`${docs}/benchmarks/${name}.json`, 'utf8'))
  if (about) return about
  throw new Error(`docs/benchmarks/${name}.json has no \`about\`: run that bench again with --write.`)
}

/**
 * @param {string} name
 * @param {About} about
 */
function asPart(name, { title, measured, found, notShown }) {
  return `## ${title}

${measured}

${found.map((sentence) => `- ${sentence}`).join('\n')}

Not shown: ${notShown}

Tables, charts and how it is done: [${name}](benchmarks/${name}.md). Figures: [${name}.json](benchmarks/${name}.json). On your machine: \`npm run bench -- ${name}\`.`
}

/** @param {readonly string[]} parts */
function asPage(parts) {
  return `# Benchmarks

<!-- Written by bench/run.mjs: npm run bench -- --write -->

\`npm run bench\` runs all of them, \`npm run bench -- --quick\` tries them out in a few minutes, \`npm run bench -- --help\` tells the options.
Counts are exact. Times are those of one machine, which others may have used too: what stands beside each other was measured in
turn, in one run, and is good for comparing, not as a promise for another machine. Nothing here is a test; \`npm test\` measures no time.

${parts.join('\n\n')}
`
}

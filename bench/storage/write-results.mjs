import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markdownTable } from '../table.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'docs', 'benchmarks')

/** @type {Omit<import('../overview.mjs').About, 'found'>} */
const about = {
  title: 'Storage, side by side',
  measured:
    'What leftoff saves when tabs write at once, how much it writes while an answer streams in, and how soon it is ready. Beside it are the ' +
    'stores people use today, each as its documentation shows it. All hold the same sessions of about 300 characters, in one headless Chromium.',
  notShown:
    'other browsers, phones, cold disks and slow processors; a page that also loads an app. The others hold all sessions in memory once they are ' +
    "ready; leftoff holds one workspace's newest ten then, and reads the newest hundred of all afterwards.",
}

/**
 * Writes what a whole run found to `docs/benchmarks`: a page with a table and a chart each, and all figures as JSON.
 *
 * @param {object} results
 * @param {readonly import('./sections.mjs').Section[]} results.sections
 * @param {Record<string, readonly { readonly library: { readonly id: string } }[]>} results.measured
 * @param {string} results.chromium Its version.
 */
export async function writeResults({ sections, measured, chromium }) {
  const versions = { Chromium: chromium, ...(await installedVersions()) }
  await mkdir(folder, { recursive: true })
  for (const { id, chart } of sections) await writeFile(join(folder, `${id}.svg`), chart)
  const found = sections.flatMap((section) => section.found)
  await writeFile(join(folder, 'storage.json'), asJson({ about: { ...about, found }, versions, ...measured }))
  await writeFile(join(folder, 'storage.md'), asPage(sections, versions))
  console.log(`\nWritten to ${folder}`)
}

async function installedVersions() {
  /** @type {Record<string, string>} */
  const versions = {}
  for (const name of ['zustand', 'jotai', 'redux', 'redux-persist', 'idb-keyval', 'dexie']) {
    versions[name] = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')).version
  }
  return versions
}

/**
 * Libraries by id, times in tenths, and lists of numbers on one line, as the formatter has them.
 *
 * @param {unknown} value
 */
function asJson(value) {
  const text = JSON.stringify(
    value,
    (key, part) => (key === 'library' ? part.id : typeof part === 'number' ? Math.round(part * 10) / 10 : part),
    2,
  )
  return `${text.replace(/\[\s+([\d.,\s]+?)\s+\]/g, (_, numbers) => `[${numbers.replace(/\s+/g, ' ')}]`)}\n`
}

/**
 * @param {readonly import('./sections.mjs').Section[]} sections
 * @param {Record<string, string>} versions
 */
function asPage(sections, versions) {
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `# ${about.title}

<!-- Written by bench/storage: npm run bench -- storage --write -->

${about.measured} All in one run on one machine: ${tools.join(', ')}. Counts are exact; times are good for comparing with each other only.

Not shown: ${about.notShown}

\`npm run bench -- storage\` measures it on your machine; \`--help\` lists the options. All figures: [storage.json](storage.json).

${sections.map((section) => asPart(section)).join('\n\n')}
`
}

/** @param {import('./sections.mjs').Section} section */
function asPart({ id, title, about, found, table }) {
  const list = found.map((sentence) => `- ${sentence}`).join('\n')
  return `## ${title}\n\n${about}\n\n${list}\n\n![${title}](${id}.svg)\n\n${markdownTable(table)}`
}

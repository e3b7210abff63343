import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { barChart } from '../bar-chart.mjs'
import { markdownTable } from '../table.mjs'
import { sdkVersion } from './sdk.mjs'

/** @typedef {import('./measure.mjs').MeasuredList} MeasuredList */
/** @typedef {import('./measure.mjs').MeasuredOne} MeasuredOne */
/** @typedef {import('./measure.mjs').Timed} Timed */

/**
 * @typedef {object} Section
 * @property {string} id The name of its chart.
 * @property {string} title
 * @property {string} about
 * @property {readonly (readonly string[])[]} table The first row is the head.
 * @property {string} chart SVG.
 */

const folder = fileURLToPath(new URL('../../docs/benchmarks', import.meta.url))

/** @type {Omit<import('../overview.mjs').About, 'found'>} */
const about = {
  title: 'Transcripts',
  measured: `Listing transcripts and summarizing a long one, beside the functions of the Claude Agent SDK ${sdkVersion} itself.`,
  notShown: 'a disk whose files are not in the cache, a shared disk, transcripts full of tool results.',
}

/**
 * @param {MeasuredList} list
 * @param {MeasuredOne} one
 * @returns {readonly Section[]}
 */
export function sectionsOf(list, one) {
  return [
    section('transcripts-list', `Milliseconds to list ${thousands(list.transcripts)} transcripts`, [
      { label: `all ${thousands(list.transcripts)}`, results: list.all },
      { label: 'the newest 10 of them', results: list.newest },
    ]),
    section('transcripts-one', `Milliseconds for one transcript of ${one.megabytes.toFixed(0)} MB`, [
      { label: 'to summarize it', results: one.summary },
      { label: 'to read its messages', results: one.read },
    ]),
  ]
}

/**
 * Writes what a whole run found to `docs/benchmarks`: a page with tables and charts, and all figures as JSON.
 *
 * @param {readonly Section[]} sections
 * @param {{ readonly list: MeasuredList, readonly one: MeasuredOne }} measured
 */
export async function writeResults(sections, measured) {
  const { list, one } = measured
  await mkdir(folder, { recursive: true })
  for (const { id, chart } of sections) await writeFile(join(folder, `${id}.svg`), chart)
  const found = sections.map((part) => part.about)
  await writeFile(
    join(folder, 'transcripts.json'),
    asJson({ about: { ...about, found }, node: process.version, sdk: sdkVersion, ...measured }),
  )
  await writeFile(
    join(folder, 'transcripts.md'),
    `# Transcripts

<!-- Written by bench/transcripts: npm run bench -- transcripts --write -->

leftoff's functions beside those of the Claude Agent SDK ${sdkVersion}, on the same files in one process, Node ${process.version}: ${thousands(list.transcripts)}
transcripts of 20 messages (${list.megabytes.toFixed(0)} MB), and one of ${thousands(one.messages)} messages (${one.megabytes.toFixed(0)} MB), on the local disk and in its cache. All in turn, the
median of ${list.all[0]?.rounds.length} rounds; each must find as many transcripts or messages as the others. What they tell differs, and stands beside the time.

\`npm run bench -- transcripts\` measures it on yours. All figures: [transcripts.json](transcripts.json).

${sections.map((part) => `## ${part.title}\n\n${part.about}\n\n![${part.title}](${part.id}.svg)\n\n${markdownTable(part.table)}`).join('\n\n')}
`,
  )
  console.log(`\nWritten to ${folder}`)
}

/**
 * @param {string} id
 * @param {string} title
 * @param {readonly { readonly label: string, readonly results: readonly Timed[] }[]} groups
 * @returns {Section}
 */
function section(id, title, groups) {
  return {
    id,
    title,
    about: groups.map(({ label, results }) => `${capitalized(label)}: ${comparison(results)}.`).join(' '),
    table: [
      ['', 'function', 'gives', 'ms'],
      ...groups.flatMap(({ label, results }) =>
        results.map((result, index) => [index === 0 ? label : '', result.label, result.gives, result.ms.toFixed(1)]),
      ),
    ],
    chart: barChart({
      title,
      note: 'Less is better. Each grid line is ten times the one before.',
      groups: groups.map(({ label, results }) => ({
        label,
        bars: results.map((result) => ({
          library: result,
          value: result.ms,
          text: `${result.ms.toFixed(result.ms < 10 ? 1 : 0)}: ${result.gives}`,
        })),
      })),
      isLogarithmic: true,
    }),
  }
}

/** @param {readonly Timed[]} results */
function comparison(results) {
  const others = results.filter(({ isOurs }) => !isOurs)
  const compared = results
    .filter(({ isOurs }) => isOurs)
    .map((ours) => {
      const ratios = others.map(({ label, ms }) => `${(ours.ms / ms).toFixed(2)} times ${label}`)
      return `${ours.label} takes ${ratios.join(', ')}`
    })
  return compared.join('; ')
}

/**
 * Times in hundredths, lists of them on one line, as the formatter has them.
 *
 * @param {unknown} value
 */
function asJson(value) {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'number' ? Math.round(part * 100) / 100 : part), 2)
  return `${text.replace(/\[\s+([\d.,\s]+?)\s+\]/g, (_, numbers) => `[${numbers.replace(/\s+/g, ' ')}]`)}\n`
}

/** @param {string} label */
function capitalized(label) {
  return label.charAt(0).toUpperCase() + label.slice(1)
}

/** @param {number} value */
function thousands(value) {
  return value.toLocaleString('en-US')
}

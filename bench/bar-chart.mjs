/**
 * @typedef {object} Bar
 * @property {{ readonly label: string, readonly isOurs: boolean }} library
 * @property {number} value
 * @property {string} text Stands beside the bar.
 */

const width = 860
const labelWidth = 230
const plotWidth = 360
const barHeight = 16
const rowHeight = 24
const groupGap = 34
const top = 76

/**
 * A chart of horizontal bars in groups, as an SVG: the same for the same figures, readable on light and dark pages.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.note
 * @param {readonly { readonly label: string, readonly bars: readonly Bar[] }[]} options.groups
 * @param {number} [options.max] The longest bar possible; the longest there is when omitted.
 * @param {boolean} [options.isLogarithmic]
 */
export function barChart({ title, note, groups, max, isLogarithmic = false }) {
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value))
  const scale = isLogarithmic ? logarithmic(values) : linear(max ?? Math.max(...values))
  /** @type {string[]} */
  const parts = []
  let y = top
  for (const { label, bars } of groups) {
    parts.push(text(24, y, label, 'group'))
    y += 12
    const bottom = y + bars.length * rowHeight
    for (const x of scale.gridLines) {
      parts.push(`<path class="grid" d="M${round(labelWidth + x)} ${y}V${bottom}"/>`)
    }
    for (const { library, value, text: beside } of bars) {
      const middle = y + rowHeight / 2
      const length = Math.max(2, scale.lengthOf(value))
      const kind = library.isOurs ? 'ours' : 'other'
      parts.push(text(labelWidth - 10, middle + 4, library.label, `label ${kind}-text`))
      parts.push(
        `<rect class="${kind}" x="${labelWidth}" y="${middle - barHeight / 2}" width="${round(length)}" height="${barHeight}" rx="2"/>`,
      )
      parts.push(text(labelWidth + length + 8, middle + 4, beside, `${kind}-text`))
      y += rowHeight
    }
    y += groupGap
  }
  const height = y - groupGap + 24
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>
svg { --page: #ffffff; --line: #d0d7de; --ink: #1f2328; --soft: #59636e; --ours: #0969da; --other: #afb8c1 }
@media (prefers-color-scheme: dark) {
svg { --page: #0d1117; --line: #30363d; --ink: #f0f6fc; --soft: #9198a1; --ours: #4493f8; --other: #59636e }
}
text { font: 12px system-ui, sans-serif; fill: var(--soft) }
.title { font-size: 15px; font-weight: 600; fill: var(--ink) }
.group { font-weight: 600; fill: var(--ink) }
.label { text-anchor: end }
.ours-text { font-weight: 600; fill: var(--ink) }
.ours { fill: var(--ours) }
.other { fill: var(--other) }
.grid { stroke: var(--line) }
.page { fill: var(--page); stroke: var(--line) }
</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${text(24, 32, title, 'title')}
${text(24, 50, note, '')}
${parts.join('\n')}
</svg>
`
}

/** @param {number} longest */
function linear(longest) {
  return {
    gridLines: [0],
    /** @param {number} value */
    lengthOf: (value) => (value / longest) * plotWidth,
  }
}

/** @param {readonly number[]} values */
function logarithmic(values) {
  const first = Math.floor(Math.log10(Math.min(...values))) - 1
  const last = Math.ceil(Math.log10(Math.max(...values)))
  const perDecade = plotWidth / (last - first)
  return {
    gridLines: Array.from({ length: last - first + 1 }, (_, decade) => decade * perDecade),
    /** @param {number} value */
    lengthOf: (value) => (Math.log10(value) - first) * perDecade,
  }
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} kind
 */
function text(x, y, content, kind) {
  return `<text x="${round(x)}" y="${y}"${kind && ` class="${kind}"`}>${escapeXml(content)}</text>`
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10
}

/** @param {string} value */
function escapeXml(value) {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

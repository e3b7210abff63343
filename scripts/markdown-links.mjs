// The links of a Markdown text, for scripts/check-links.mjs and test/docs/links.test.ts.

import { dirname, join, normalize } from 'node:path/posix'

/** @typedef {{ target: string, path: string, heading: string, isImage: boolean }} Link `path` from the root; '' for an address of the web. */

/**
 * @param {string} document its path from the root
 * @param {string} text
 * @returns {Link[]}
 */
export function linksOf(document, text) {
  const prose = withoutCode(text)
  const links = [...prose.matchAll(/(!?)\[(?:[^[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)/g)].map(([, mark, target = '']) => ({
    target,
    isImage: mark === '!',
  }))
  // The image of a link, and HTML.
  for (const [, target = ''] of prose.matchAll(/\[!\[[^\]]*\]\(([^)\s]+)\)/g)) links.push({ target, isImage: true })
  for (const [, target = ''] of prose.matchAll(/\b(?:src|srcset)="([^"\s]+)/g)) links.push({ target, isImage: true })
  for (const [, target = ''] of prose.matchAll(/\bhref="([^"\s]+)/g)) links.push({ target, isImage: false })
  return links.map(({ target, isImage }) => {
    if (/^[a-z]+:/.test(target)) return { target, path: '', heading: '', isImage }
    const [path = '', heading = ''] = target.split('#')
    return { target, path: path === '' ? document : normalize(join(dirname(document), path)), heading, isImage }
  })
}

/**
 * The headings as links name them: small letters, hyphens, no punctuation.
 *
 * @param {string} text
 */
export function headingsOf(text) {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** @param {string} text */
function withoutCode(text) {
  return text
    .replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()<>]/g, ''))
}

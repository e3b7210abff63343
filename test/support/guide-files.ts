import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The files of a guide by their paths: the blocks that begin with a comment naming theirs, as scripts/check-docs.mjs has it
 * too. `guide` is a path from the root of the repository. A file that is shown twice is as it is shown last; with `before` only what
 * is above that heading counts.
 */
export async function readGuide(guide: string, before?: string): Promise<Map<string, string>> {
  const whole = await readFile(fileURLToPath(new URL(`../../${guide}`, import.meta.url)), 'utf8')
  const end = before === undefined ? whole.length : whole.indexOf(`\n${before}\n`)
  if (end < 0) throw new Error(`${guide} has no heading ${before}`)
  const text = whole.slice(0, end)
  const files = new Map<string, string>()
  for (const [, code = ''] of text.matchAll(/^```(?:(?:ts|js)x?|html|json)\n([\s\S]*?)^```$/gm)) {
    const path = /^(?:\/\/|<!--) (\S+\.(?:(?:ts|js)x?|html|json))\b/.exec(code)?.[1]
    if (path !== undefined) files.set(path, code)
  }
  return files
}

/** Writes them below `folder`. */
export async function writeFiles(
  folder: string,
  files: Iterable<readonly [path: string, text: string]>,
): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

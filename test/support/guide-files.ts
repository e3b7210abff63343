import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The files of a guide by their paths: the blocks that begin with a comment naming theirs, as scripts/check-docs.mjs has it
 * too. `guide` is a path from the root of the repository.
 */
export async function readGuide(guide: string): Promise<Map<string, string>> {
  const text = await readFile(fileURLToPath(new URL(`../../${guide}`, import.meta.url)), 'utf8')
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

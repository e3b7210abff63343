import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The values of a file with one JSON value a line. A line that does not parse is skipped: a crash may leave a half one. */
export async function readLines(path: string): Promise<readonly unknown[]> {
  const text = await readFile(path, 'utf8').catch(undefinedIfMissing)
  return (text ?? '').split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)]
    } catch {
      return []
    }
  })
}

/** Adds one value at the end. */
export async function appendLine(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await appendFile(path, `${JSON.stringify(value)}\n`, { mode: 0o600 })
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

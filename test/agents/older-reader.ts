import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The last commit whose reader took one pass up the file and followed paths. */
const commit = 'd7977a655c0a3de2570e984567ccfa2f455f6655'

/** What is called of the older reader. */
export interface OlderReader {
  listTranscripts(of: {
    readonly root: string
    readonly workspace: string
    readonly limit?: number
  }): Promise<readonly { readonly sessionId: string }[]>
  readTranscript(of: {
    readonly root: string
    readonly workspace: string
    readonly sessionId: string
  }): Promise<AsyncIterable<{ readonly role: string; readonly text: string }> | undefined>
}

/** The reader of transcripts as it was, out of the repository's history, written below `folder`: what the tests of today's must find fault with. */
export async function olderReader(folder: string): Promise<OlderReader> {
  mkdirSync(folder, { recursive: true })
  const archive = execFileSync('git', ['archive', commit, 'src'], { maxBuffer: 64 * 1024 * 1024 })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  return import(pathToFileURL(join(folder, 'src/agents/claude/index.ts')).href)
}

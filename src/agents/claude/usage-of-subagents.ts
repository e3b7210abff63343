import type { OpenFolder } from './open-folder.js'
import { parseRecord } from './transcript-entry.js'
import type { OpenTranscript } from './transcript-file.js'
import { linesOf } from './transcript-lines.js'
import type { Usage } from './usage-of-transcript.js'

/** Adds what the subagents of a session used, which stand in files of their own: `<session id>/subagents/agent-<id>.jsonl`. */
export async function usageOfSubagents({ project, sessionId }: OpenTranscript, usage: Usage): Promise<void> {
  await inFolder(project, sessionId, (session) =>
    inFolder(session, 'subagents', async (subagents) => {
      for (const { name } of await subagents.list()) {
        if (/^agent-.+\.jsonl$/.test(name)) await addFile(subagents, name, usage)
      }
    }),
  )
}

async function addFile(folder: OpenFolder, name: string, usage: Usage): Promise<void> {
  const file = await folder.file(name)
  if (!file) return
  try {
    const stats = await file.stat()
    if (!stats.isFile()) return
    for await (const lines of linesOf(file, stats.size)) {
      for (const { bytes } of lines) {
        const record = usage.wants(bytes) ? parseRecord(bytes) : undefined
        if (record) usage.look(record)
      }
    }
  } finally {
    await file.close()
  }
}

async function inFolder(parent: OpenFolder, name: string, use: (folder: OpenFolder) => Promise<void>): Promise<void> {
  const folder = await parent.folder(name)
  if (!folder) return
  try {
    await use(folder)
  } finally {
    await folder.close()
  }
}

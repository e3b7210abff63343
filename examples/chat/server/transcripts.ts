import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { claudeEnv, summarizeTranscript, type TranscriptSummary, transcriptExists } from 'leftoff/agents/claude'
import * as z from 'zod'
import { appendLine, readLines } from './json-lines.js'

/** One line of a transcript, as far as this example reads it. Claude's own files hold more; unknown lines are skipped. */
export type TranscriptLine = z.infer<typeof transcriptLine>

/** The transcripts of the agent: all it knows about a conversation. */
export interface Transcripts {
  summarize(workspace: string, sessionId: string): Promise<TranscriptSummary | undefined>
  read(workspace: string, sessionId: string): Promise<readonly TranscriptLine[]>
  append(workspace: string, line: TranscriptLine): Promise<void>
  /** Whether there was one. */
  remove(workspace: string, sessionId: string): Promise<boolean>
  /** Where the agent works. */
  workingFolder(workspace: string): string
}

/** Transcripts where Claude keeps them: `<root>/<workspace>/.claude/projects/<slug>/<session>.jsonl`. */
export function fileTranscripts(root: string): Transcripts {
  const pathOf = (workspace: string, sessionId: string) => {
    if (!/^[0-9a-f-]{36}$/.test(sessionId)) throw new Error('An agent session id is a UUID.')
    const { CLAUDE_CONFIG_DIR } = claudeEnv({ root, workspace })
    return join(CLAUDE_CONFIG_DIR, 'projects', slugOf(workingFolder(root, workspace)), `${sessionId}.jsonl`)
  }
  return {
    summarize: (workspace, sessionId) => summarizeTranscript({ root, workspace, sessionId }),
    async read(workspace, sessionId) {
      return (await readLines(pathOf(workspace, sessionId))).flatMap((line) => {
        const parsed = transcriptLine.safeParse(line)
        return parsed.success ? [parsed.data] : []
      })
    },
    append: (workspace, line) => appendLine(pathOf(workspace, line.sessionId), line),
    async remove(workspace, sessionId) {
      const existed = await transcriptExists({ root, workspace, sessionId })
      await rm(pathOf(workspace, sessionId), { force: true })
      return existed
    },
    workingFolder: (workspace) => workingFolder(root, workspace),
  }
}

/** The folder the agent works in: the one that also holds its workspace's Claude files. */
export function workingFolder(root: string, workspace: string): string {
  return join(root, workspace)
}

/** Claude names a project's folder after the working folder. */
function slugOf(folder: string): string {
  return folder.replaceAll(/[^A-Za-z0-9]/g, '-')
}

const transcriptLine = z.object({
  type: z.enum(['user', 'assistant']),
  uuid: z.string(),
  parentUuid: z.nullable(z.string()),
  sessionId: z.string(),
  timestamp: z.string(),
  cwd: z.string(),
  isSidechain: z.literal(false),
  message: z.object({
    role: z.enum(['user', 'assistant']),
    content: z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))]),
    id: z.exactOptional(z.string()),
    model: z.exactOptional(z.string()),
    usage: z.exactOptional(
      z.object({
        input_tokens: z.number(),
        output_tokens: z.number(),
        cache_read_input_tokens: z.number(),
        cache_creation_input_tokens: z.number(),
      }),
    ),
  }),
})

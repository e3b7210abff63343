import { mkdir } from 'node:fs/promises'
import { type ClaudeMessage, claudeEnv } from 'leftoff/agents/claude'
import type { ChatAgent } from './chat-agent.js'
import { workingFolder } from './transcripts.js'

/** What is used of `@anthropic-ai/claude-agent-sdk`. */
export interface ClaudeSdk {
  query(request: { prompt: string; options: ClaudeOptions }): AsyncIterable<ClaudeMessage>
}

interface ClaudeOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly tools: string[]
  readonly settingSources: []
  readonly includePartialMessages: boolean
  readonly abortController: AbortController
  readonly stderr: (text: string) => void
  readonly resume?: string
}

/** The SDK, if it is installed and has a key. It takes 430 MB, so this example does not bring it along. */
export async function findClaudeSdk(env: NodeJS.ProcessEnv): Promise<ClaudeSdk | undefined> {
  if (!env.ANTHROPIC_API_KEY) return undefined
  const name = '@anthropic-ai/claude-agent-sdk'
  const sdk: ClaudeSdk | undefined = await import(/* @vite-ignore */ name).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  })
  return sdk
}

/**
 * Claude without tools: it talks. Its transcripts lie below `root`, a folder for each workspace. Of this server's environment it
 * gets what it needs: the rest may hold secrets, and is nobody's business but the server's.
 */
export function claudeAgent({ query }: ClaudeSdk, root: string, env: NodeJS.ProcessEnv): ChatAgent {
  return {
    async *run({ workspace, message, resume, signal, onStderr }) {
      const cwd = workingFolder(root, workspace)
      await mkdir(cwd, { recursive: true })
      const abortController = new AbortController()
      signal.addEventListener('abort', () => abortController.abort(), { once: true })
      if (signal.aborted) abortController.abort()
      yield* query({
        prompt: message,
        options: {
          cwd,
          env: { ...chosen(env), ...claudeEnv({ root, workspace }) },
          tools: [],
          settingSources: [],
          includePartialMessages: true,
          abortController,
          stderr: onStderr,
          ...(resume !== undefined && { resume }),
        },
      })
    },
  }
}

const given = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL', 'ANTHROPIC_MODEL']
/** Settings of Claude Code and proxies: no secrets of the app. */
const givenPrefixes = ['CLAUDE_CODE_DISABLE_', 'DISABLE_TELEMETRY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS']

function chosen(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => given.includes(name) || givenPrefixes.some((prefix) => name.startsWith(prefix)),
    ),
  )
}

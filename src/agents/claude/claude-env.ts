import { join, resolve } from 'node:path'
import { LeftoffError } from '../../core/error.js'

/** Whose Claude files: one workspace's below a root. */
export interface ClaudeFolder {
  /** The folder that holds a folder for each workspace; `/var/lib/claude-sessions` when omitted. */
  readonly root?: string
  /** Letters, digits, `.`, `_` and `-`, at most 200: the name of a folder, and of no Windows device such as `con`. */
  readonly workspace: string
}

/**
 * The environment that keeps a workspace's Claude sessions in a folder of its own, `<root>/<workspace>/.claude`. A Claude session
 * id works from any working folder, so this is what keeps workspaces apart.
 *
 * Throws `invalid-argument` for a workspace that is no folder name, such as `..`, one with a slash, or `con`.
 *
 * @example
 * ```ts
 * import { query } from '@anthropic-ai/claude-agent-sdk'
 * import { claudeEnv } from 'leftoff/agents/claude'
 *
 * // The SDK's `env` replaces the environment, so name what the agent needs of it: not your server's other secrets.
 * const { PATH, ANTHROPIC_API_KEY } = process.env
 * query({ prompt: message, options: { tools: [], env: { PATH, ANTHROPIC_API_KEY, ...claudeEnv({ workspace }) } } })
 * ```
 */
export function claudeEnv({ root = defaultRoot, workspace }: ClaudeFolder): { readonly CLAUDE_CONFIG_DIR: string } {
  // Absolute, since the agent may run in another working folder.
  return { CLAUDE_CONFIG_DIR: join(resolve(root), folderName(workspace), '.claude') }
}

export const defaultRoot = '/var/lib/claude-sessions'

/** `workspace`, if it names a folder on every file system and nothing but that. */
export function folderName(workspace: unknown): string {
  // The end is no dot: Windows drops it, and two workspaces would share a folder.
  const isName = typeof workspace === 'string' && /^\w(?:[\w.-]{0,198}[\w-])?$/.test(workspace)
  if (isName && !deviceName.test(workspace)) return workspace
  throw new LeftoffError(
    'invalid-argument',
    `The workspace ${JSON.stringify(workspace)?.slice(0, 80)} cannot name a folder. Use a name like "demo.alive.best": 1 to 200 ` +
      'letters, digits, ".", "_" or "-", with no "." at either end, and no name of a Windows device such as "con" or "nul.txt".',
  )
}

/** To Windows these are devices in every folder, whatever follows the first dot: one for all workspaces. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const sdkVersion = '0.3.330'

/**
 * The Claude Agent SDK's functions about transcripts, as far as the bench calls them. They look for the folder of the sessions
 * in this process's `CLAUDE_CONFIG_DIR`.
 *
 * @typedef {object} Sdk
 * @property {(options: { dir: string, limit?: number }) => Promise<readonly unknown[]>} listSessions
 * @property {(id: string, options: { dir: string }) => Promise<unknown>} getSessionInfo
 * @property {(id: string, options: { dir: string }) => Promise<readonly unknown[]>} getSessionMessages
 */

/**
 * Installs the SDK outside the repository, without the program that runs agents: the functions here need none.
 *
 * @param {string} folder
 * @returns {Promise<Sdk>}
 */
export async function installSdk(folder) {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  console.log(`Installing the Claude Agent SDK ${sdkVersion} …`)
  const install = ['install', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...install, `@anthropic-ai/claude-agent-sdk@${sdkVersion}`], { cwd: folder, stdio: 'inherit' })
  const { resolve } = createRequire(join(folder, 'package.json'))
  return import(pathToFileURL(resolve('@anthropic-ai/claude-agent-sdk')).href)
}

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe } from 'vitest'
import type { Query } from './conversation.js'
import { transcriptsOfSdk } from './transcripts-of-sdk.js'

// A package of its own, as it takes 340 MB.
const folder = fileURLToPath(new URL('older/', import.meta.url))
execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' })
const { resolve } = createRequire(`${folder}package.json`)

async function queryOf(name: string): Promise<Query> {
  const { query }: { query: Query } = await import(pathToFileURL(resolve(name)).href)
  return query
}

const oldest = await queryOf('claude-agent-sdk-0.1')
const older = await queryOf('claude-agent-sdk-0.2')

describe('SDK 0.1.77', () => {
  transcriptsOfSdk(oldest, { findsInOtherFolders: false, failsWhenReadOnly: true })
})

describe('SDK 0.2.113', () => {
  transcriptsOfSdk(older, { findsInOtherFolders: false })
})

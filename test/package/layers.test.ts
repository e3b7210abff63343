import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { packageRoot } from './package-root.js'

const allowed = [
  ['src/core/a.ts', './b.js'],
  ['src/store/a.ts', '../core/session.js'],
  ['src/store/a.ts', 'zustand/vanilla'],
  ['src/adapters/dexie/a.ts', '../../core/adapter.js'],
  ['src/adapters/dexie/a.ts', './b.js'],
  ['src/adapters/dexie/a.ts', 'dexie'],
  ['src/legacy/a.ts', '../core/checks.js'],
  ['src/legacy/a.ts', '../store/context.js'],
  ['src/legacy/a.ts', '../store/importing.js'],
  ['src/legacy/a.ts', '../adapters/local-storage/stored-parts.js'],
  ['src/legacy/a.ts', './b.js'],
  ['src/turns/a.ts', '../core/turn-stream.js'],
  ['src/turns/a.ts', '../store/browser.js'],
  ['src/ai-sdk/a.ts', '../turns/turn-client.js'],
  ['src/react/a.tsx', '../turns/turn-client.js'],
  ['src/react/a.tsx', '../store/create-session-store.js'],
  ['src/react/a.tsx', 'react'],
  ['src/server/a.ts', '../core/tab-key.js'],
  ['src/server/supabase/a.ts', '../agent-session-store.js'],
  ['src/server/handler/a.ts', '../begin-turn.js'],
  ['src/agents/claude/a.ts', '../../core/agent-driver.js'],
  ['src/agents/claude/a.ts', 'node:fs'],
  ['src/testing/a.ts', '../store/browser.js'],
] as const

const refused = [
  ['src/core/a.ts', '../store/create-session-store.js'],
  ['src/core/a.ts', '../adapters/memory/memory-adapter.js'],
  ['src/core/a.ts', '../react/index.js'],
  ['src/core/a.ts', '../server/index.js'],
  ['src/core/a.ts', '../agents/claude/index.js'],
  ['src/core/a.ts', '../testing/index.js'],
  ['src/core/a.ts', '../legacy/index.js'],
  ['src/core/a.ts', 'zustand/vanilla'],
  ['src/core/a.ts', 'zod'],
  ['src/core/a.ts', 'zod/mini'],
  ['src/core/a.ts', 'node:fs'],
  ['src/core/a.ts', 'react'],
  ['src/core/a.ts', 'react-dom/server'],
  ['src/core/a.ts', 'leftoff'],
  ['src/store/a.ts', '../adapters/memory/memory-adapter.js'],
  ['src/store/a.ts', '../adapters/local-storage/local-storage-adapter.js'],
  ['src/store/a.ts', '../legacy/index.js'],
  ['src/store/a.ts', '../react/index.js'],
  ['src/store/a.ts', '../server/index.js'],
  ['src/store/a.ts', '../agents/claude/index.js'],
  ['src/store/a.ts', '../testing/index.js'],
  ['src/store/a.ts', 'react'],
  ['src/store/a.ts', 'react-dom'],
  ['src/store/a.ts', 'zustand'],
  ['src/store/a.ts', 'zod/mini'],
  ['src/store/a.ts', 'node:fs'],
  ['src/store/a.ts', 'leftoff/server'],
  ['src/adapters/dexie/a.ts', '../memory/memory-adapter.js'],
  ['src/adapters/dexie/a.ts', '../../store/create-session-store.js'],
  ['src/adapters/dexie/a.ts', '../../server/index.js'],
  ['src/adapters/dexie/a.ts', '../../react/index.js'],
  ['src/adapters/dexie/a.ts', '../../agents/claude/index.js'],
  ['src/adapters/dexie/a.ts', '../../legacy/index.js'],
  ['src/adapters/dexie/a.ts', 'zustand/vanilla'],
  ['src/adapters/dexie/a.ts', 'zod/mini'],
  ['src/adapters/dexie/a.ts', 'react'],
  ['src/adapters/dexie/a.ts', 'react-dom'],
  ['src/adapters/dexie/a.ts', 'node:fs'],
  ['src/adapters/dexie/a.ts', 'leftoff'],
  ['src/legacy/a.ts', '../store/create-session-store.js'],
  ['src/legacy/a.ts', '../adapters/memory/memory-adapter.js'],
  ['src/legacy/a.ts', '../react/index.js'],
  ['src/legacy/a.ts', '../server/index.js'],
  ['src/legacy/a.ts', 'zod/mini'],
  ['src/legacy/a.ts', 'zustand/vanilla'],
  ['src/legacy/a.ts', 'react'],
  ['src/legacy/a.ts', 'node:fs'],
  ['src/legacy/a.ts', 'leftoff'],
  ['src/turns/a.ts', '../store/create-session-store.js'],
  ['src/turns/a.ts', '../react/index.js'],
  ['src/turns/a.ts', '../server/index.js'],
  ['src/ai-sdk/a.ts', '../react/index.js'],
  ['src/ai-sdk/a.ts', 'ai'],
  ['src/react/a.tsx', 'zod/mini'],
  ['src/react/a.tsx', '../server/index.js'],
  ['src/react/a.tsx', '../agents/claude/index.js'],
  ['src/react/a.tsx', '../testing/index.js'],
  ['src/react/a.tsx', 'node:fs'],
  ['src/react/a.tsx', 'leftoff'],
  ['src/server/a.ts', '../store/create-session-store.js'],
  ['src/server/a.ts', '../agents/claude/index.js'],
  ['src/server/a.ts', '../adapters/supabase/index.js'],
  ['src/server/a.ts', '../react/index.js'],
  ['src/server/supabase/a.ts', '../../store/create-session-store.js'],
  ['src/server/supabase/a.ts', '../run-turn.js'],
  ['src/server/handler/a.ts', '../../agents/claude/index.js'],
  ['src/server/handler/a.ts', 'zod/mini'],
  ['src/server/a.ts', 'zod/mini'],
  ['src/server/a.ts', 'zustand/vanilla'],
  ['src/server/a.ts', 'react'],
  ['src/server/a.ts', 'react-dom/server'],
  ['src/server/a.ts', 'node:fs'],
  ['src/server/a.ts', 'leftoff'],
  ['src/agents/claude/a.ts', '../../server/index.js'],
  ['src/agents/claude/a.ts', '../codex/index.js'],
  ['src/agents/claude/a.ts', '../../store/create-session-store.js'],
  ['src/agents/claude/a.ts', 'zod/mini'],
  ['src/agents/claude/a.ts', 'zustand/vanilla'],
  ['src/agents/claude/a.ts', 'react'],
  ['src/agents/claude/a.ts', 'react-dom/server'],
  ['src/agents/claude/a.ts', 'leftoff'],
  ['src/testing/a.ts', '../store/create-session-store.js'],
  ['src/testing/a.ts', '../server/run-turn.js'],
  ['src/testing/a.ts', '../adapters/memory/memory-adapter.js'],
  ['src/testing/a.ts', '../react/index.js'],
] as const

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leftoff-layers-'))
  copyFileSync(join(packageRoot, 'biome.json'), join(folder, 'biome.json'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the linter', () => {
  it('lets a layer import what lies below it', async () => {
    expect(await lint(allowed)).toEqual([])
  })

  it('refuses an import that points up or sideways', async () => {
    expect(await lint(refused)).toEqual(refused.map(([file, source]) => `${file} imports ${source}`).sort())
  })

  it('refuses console in src, and there only', async () => {
    mkdirSync(join(folder, 'src'))
    for (const file of ['a.mjs', 'src/a.ts']) writeFileSync(join(folder, file), 'console.log(1)\n')
    expect(await filesWith('lint/suspicious/noConsole')).toEqual(['src/a.ts'])
  })
})

/** The imports that are refused, each in a file of its own. */
async function lint(imports: readonly (readonly [file: string, source: string])[]): Promise<string[]> {
  const named = new Map(
    imports.map(([file, source], index) => [file.replace('a.ts', `a${index}.ts`), { file, source }]),
  )
  for (const [path, { source }] of named) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), `export { a } from '${source}'\n`)
  }
  const files = await filesWith('lint/style/noRestrictedImports')
  return files.map((path) => `${named.get(path)?.file} imports ${named.get(path)?.source}`).sort()
}

const report = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.string() }) })),
})

async function filesWith(category: string): Promise<string[]> {
  const program = join(packageRoot, 'node_modules/@biomejs/biome/bin/biome')
  const args = [program, 'lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json', '.']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder }).catch(onlyFindings)
  const { diagnostics } = report.parse(JSON.parse(stdout))
  const found = diagnostics.filter((diagnostic) => diagnostic.category === category)
  return [...new Set(found.map(({ location }) => location.path))]
}

/** Biome exits 1 for findings, which are the result here. */
function onlyFindings(error: unknown): { stdout: string } {
  if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && error.stdout !== '') {
    return { stdout: error.stdout }
  }
  throw error
}

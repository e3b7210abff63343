import { copyFile } from 'node:fs/promises'
import { defineConfig, type Options } from 'tsup'

const entries = [
  'index',
  'react/index',
  'adapters/dexie/index',
  'adapters/supabase/index',
  'legacy/index',
  'ai-sdk/index',
  'server/index',
  'agents/claude/index',
  'testing/index',
]
const entriesIn = (folder: string, ending: string) =>
  Object.fromEntries(entries.map((name) => [name, `${folder}/${name}${ending}`]))

const shared: Options = { format: 'esm', target: 'es2022' }

export default defineConfig([
  {
    ...shared,
    entry: entriesIn('src', '.ts'),
    // Shared code in shared files: with a copy per entry, error brands and React contexts would not match.
    splitting: true,
    // No `treeshake`: it runs Rollup, which drops 'use client'. esbuild shakes already.
    // With the prefix it is plain that these come with Node.
    removeNodeProtocol: false,
    sourcemap: true,
    clean: ['!**/*.d.ts'],
    onSuccess: () => copyFile('src/react/styles.css', 'dist/react/styles.css'),
  },
  {
    ...shared,
    // From what tsconfig.declarations.json wrote.
    entry: entriesIn('.cache/declarations', '.d.ts'),
    // tsup injects `baseUrl`, which TypeScript 6 reports as deprecated.
    dts: { only: true, compilerOptions: { ignoreDeprecations: '6.0' } },
    clean: true,
  },
])

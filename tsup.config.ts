import { copyFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/react/index.ts',
    'src/adapters/dexie/index.ts',
    'src/adapters/supabase/index.ts',
    'src/legacy/index.ts',
    'src/ai-sdk/index.ts',
    'src/server/index.ts',
    'src/agents/claude/index.ts',
    'src/testing/index.ts',
  ],
  format: 'esm',
  target: 'es2022',
  // Shared code in shared files: with a copy per entry, error brands and React contexts would not match.
  splitting: true,
  // tsup injects `baseUrl`, which TypeScript 6 reports as deprecated.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  // No `treeshake`: it runs Rollup, which drops 'use client'. esbuild shakes already.
  // With the prefix it is plain that these come with Node.
  removeNodeProtocol: false,
  sourcemap: true,
  clean: true,
  onSuccess: () => copyFile('src/react/styles.css', 'dist/react/styles.css'),
})

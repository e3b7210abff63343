import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'tsup'

/** Bundles a page for a browser, with leftoff as it was built: its script. */
export async function bundlePage(file: string): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'leftoff-page-'))
  try {
    await build({
      config: false,
      silent: true,
      entry: { page: file },
      outDir,
      format: 'esm',
      target: 'es2022',
      platform: 'browser',
      splitting: false,
      noExternal: [/./],
      env: { NODE_ENV: 'production' },
      esbuildOptions: (options) => {
        options.jsx = 'automatic'
      },
      outExtension: () => ({ js: '.js' }),
    })
    return await readFile(join(outDir, 'page.js'), 'utf8')
  } finally {
    await rm(outDir, { recursive: true })
  }
}

import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Builds the page of the recipes into a new folder, which is the caller's to delete. */
export async function buildPage(): Promise<{ readonly folder: string; readonly html: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-recipes-'))
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('page', import.meta.url)),
    // One React for all, though leftoff finds another beside itself.
    resolve: { dedupe: ['react', 'react-dom'] },
    build: { outDir: folder },
  })
  return { folder, html: await readFile(join(folder, 'index.html'), 'utf8') }
}

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Bundles one page per name, each with all it needs in one minified file, as an app ships it. leftoff comes from `dist`.
 *
 * @param {readonly string[]} pages
 * @returns {Promise<string>} The folder.
 */
export async function bundlePages(pages) {
  const folder = join(root, '.cache', 'bench-pages')
  await build({
    config: false,
    silent: true,
    clean: true,
    entry: pages.map((page) => join(here, 'pages', `${page}.mjs`)),
    outDir: folder,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    splitting: false,
    minify: true,
    noExternal: [/./],
    env: { NODE_ENV: 'production' },
    // V8 compiles all of it on another thread: https://v8.dev/blog/explicit-compile-hints
    banner: { js: '//# allFunctionsCalledOnLoad\nglobalThis.pageStart=performance.now();' },
    outExtension: () => ({ js: '.js' }),
  })
  return folder
}

/** Which Chromium the tests take: their finder is TypeScript, which Node 20 cannot import. */
export async function chromiumLaunchOptions() {
  // Two folders below the root, as the finder itself is: it looks for packages and its cache from there.
  const folder = join(root, '.cache', 'bench-chromium')
  await build({
    config: false,
    silent: true,
    entry: [join(root, 'test/chromium/find-chromium.ts')],
    outDir: folder,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
  })
  /** @type {typeof import('../../test/chromium/find-chromium.js')} */
  const finder = await import(join(folder, 'find-chromium.mjs'))
  return finder.chromiumLaunchOptions()
}

import { build } from 'esbuild'

/** What was bundled for this worker before: each of its files has the same few pages. */
const bundled = new Map<string, Promise<string>>()

/** Bundles a page for a browser, with leftoff as it was built: its script. */
export function bundlePage(file: string): Promise<string> {
  const script = bundled.get(file) ?? bundle(file)
  bundled.set(file, script)
  return script
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

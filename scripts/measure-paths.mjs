// Counts the files with at least one executed function, and the calls, on two paths through the store with localStorage:
// from `recordMessage` to `setItem`, and from `initConversation` to a granted claim. `npm run paths`. Fails above its limits.

import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
/** What was reached, and must not grow; the goal of both is 16 files and 150 calls. It was 31 files, 398 calls and 29 files, 324 calls. */
const limits = {
  'from recordMessage to setItem': { files: 16, calls: 125 },
  'from initConversation to a claim': { files: 16, calls: 125 },
}

const folder = await mkdtemp(join(tmpdir(), 'leftoff-paths-'))
try {
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  // A file for each, so that the coverage tells them apart.
  await build({
    entryPoints: await sources(['core', 'store', 'adapters/local-storage', 'testing']),
    outbase: join(root, 'src'),
    outdir: folder,
    format: 'esm',
    target: 'node20',
  })
  const load = (/** @type {string} */ file) => import(pathToFileURL(join(folder, file)).href)
  const { createSessionStore } = await load('store/create-session-store.js')
  const { localStorageAdapter } = await load('adapters/local-storage/local-storage-adapter.js')
  const { fakeBrowser } = await load('testing/fake-browser.js')

  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  /** @type {Record<string, { files: string[], calls: number }>} */
  const paths = {}

  /** @param {string} name */
  function end(name) {
    session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error || paths[name]) return
      const scripts = coverage.result.filter(
        ({ url }) => url.includes('/store/') || url.includes('/core/') || url.includes('/adapters/'),
      )
      const called = scripts.flatMap(({ url, functions }) => {
        // The module itself is a function without a name that begins at 0.
        const own = functions.filter(({ functionName, ranges }) => functionName !== '' || ranges[0]?.startOffset !== 0)
        const calls = own.reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0)
        return calls > 0
          ? [{ file: url.slice(url.indexOf('leftoff-paths-')).split('/').slice(1).join('/'), calls }]
          : []
      })
      paths[name] = { files: called.map(({ file }) => file), calls: called.reduce((sum, { calls }) => sum + calls, 0) }
    })
    session.post('Profiler.stopPreciseCoverage')
  }
  const begin = () => session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

  const tab = fakeBrowser().openTab()
  const own = tab.browser.locks()
  const locks = {
    query: () => own.query(),
    /**
     * @param {string} name
     * @param {Parameters<typeof own.request>[1]} options
     * @param {(lock: unknown) => Promise<unknown> | undefined} granted
     */
    request: (name, options, granted) =>
      own.request(name, options, (/** @type {unknown} */ lock) => {
        end('from initConversation to a claim')
        return granted(lock)
      }),
  }
  const plain = tab.storage()
  const storage = {
    get length() {
      return plain.length
    },
    key: plain.key,
    getItem: plain.getItem,
    removeItem: plain.removeItem,
    setItem(/** @type {string} */ key, /** @type {string} */ value) {
      if (key.includes('/part/')) end('from recordMessage to setItem')
      plain.setItem(key, value)
    },
  }
  const options = {
    adapter: localStorageAdapter({ storage: () => storage, events: tab.events }),
    browser: { ...tab.browser, locks: () => locks },
  }
  const first = createSessionStore(options)
  const id = await first.initConversation('w')
  delete paths['from initConversation to a claim']
  await first.flush()
  begin()
  first.recordMessage({ role: 'user', text: 'Hello' })
  await first.flush()
  await first.dispose()

  const second = createSessionStore(options)
  begin()
  if ((await second.initConversation('w')) !== id) throw new Error('The conversation did not come back.')
  await second.dispose()

  for (const [name, limit] of Object.entries(limits)) {
    const path = paths[name]
    if (!path) throw new Error(`Nothing was measured ${name}.`)
    console.log(`${name}: ${path.files.length} of ${limit.files} files, ${path.calls} of ${limit.calls} calls`)
    if (process.argv.includes('--files')) console.log(`  ${path.files.join('\n  ')}`)
    if (path.files.length > limit.files || path.calls > limit.calls) process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** @param {readonly string[]} folders */
async function sources(folders) {
  const names = await Promise.all(
    folders.map(async (name) => (await readdir(join(root, 'src', name))).map((file) => join(root, 'src', name, file))),
  )
  return names.flat().filter((file) => file.endsWith('.ts'))
}

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { endProcess } from '../../support/end-process.js'
import { readGuide, writeFiles } from '../../support/guide-files.js'
import { installPacked } from '../../support/install-packed.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const vite = join(root, 'node_modules/vite/bin/vite.js')

/** The app of a guide, as it stands there, in a folder of its own, with the packed package. */
export interface GuideApp {
  /** Puts another text in the place of each `text` in the app's files. */
  replace(text: string, by: string): Promise<void>
  /** Runs Vite; resolves to the address it prints. */
  vite(...args: string[]): Promise<string>
  /** Bundles a file for Node and runs it; resolves to the address it prints. */
  run(path: string, environment?: Readonly<Record<string, string>>): Promise<string>
  /** Ends what was run last, as a deploy does; resolves to its exit code. */
  stop(): Promise<number | null>
  /** What is in it. */
  readonly folder: string
  /** Ends and deletes everything. */
  end(): Promise<void>
}

/** Writes the named files of guides down, a later one's over an earlier one's, below the repository: the other packages are its. */
export async function setUpGuideApp(...guides: readonly string[]): Promise<GuideApp> {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache/guide-'))
  const files = new Map((await Promise.all(guides.map((guide) => readGuide(guide)))).flatMap((guide) => [...guide]))
  await installPacked(folder)
  files.set('index.html', '<div id="root"></div><script type="module" src="/src/main.tsx"></script>')
  const processes: ChildProcess[] = []

  function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
    // Colours would stand in the address.
    const env = { ...process.env, ...environment, NO_COLOR: '1', FORCE_COLOR: undefined, NODE_ENV: undefined }
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
    processes.push(child)
    return child
  }

  await writeFiles(folder, files)
  return {
    async replace(text, by) {
      for (const [path, before] of files) files.set(path, before.replaceAll(text, by))
      await writeFiles(folder, files)
    },
    folder,
    vite: (...args) => addressOf(start([vite, ...args])),
    async run(path, environment) {
      const outfile = join('built', `${basename(path, '.ts')}.js`)
      await build({
        absWorkingDir: folder,
        entryPoints: [path],
        outfile,
        bundle: true,
        packages: 'external',
        platform: 'node',
        format: 'esm',
        logLevel: 'error',
      })
      return addressOf(start([outfile], environment))
    },
    stop: async () => {
      const last = processes.pop()
      return last ? endProcess(last) : null
    },
    async end() {
      await Promise.all(processes.map(endProcess))
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('spawned with a pipe')
  for await (const line of createInterface(stdout)) {
    const address = /http:\/\/localhost:\d+/.exec(line)?.[0]
    if (address !== undefined) return address
  }
  throw new Error('It ended before it printed an address.')
}

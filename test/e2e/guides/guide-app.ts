import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const vite = join(root, 'node_modules/vite/bin/vite.js')

/** The app of a guide, as it stands there, in a folder of its own. */
export interface GuideApp {
  /** Puts another text in the place of each `text` in the app's files. */
  replace(text: string, by: string): Promise<void>
  /** Runs Vite; resolves to the address it prints. */
  vite(...args: string[]): Promise<string>
  /** Bundles a file for Node and runs it; resolves to the address it prints. */
  run(path: string): Promise<string>
  /** Ends and deletes everything. */
  end(): Promise<void>
}

/** Writes the named files of a guide down, below the repository: its packages are the app's. */
export async function setUpGuideApp(guide: string): Promise<GuideApp> {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache/guide-'))
  const files = filesOf(await readFile(join(root, guide), 'utf8'))
  files.set('index.html', '<div id="root"></div><script type="module" src="/src/main.tsx"></script>')
  const processes: ChildProcess[] = []

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }

  function start(...args: string[]): ChildProcess {
    // Colours would stand in the address.
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, NODE_ENV: undefined }
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
    processes.push(child)
    return child
  }

  for (const [path, text] of files) await write(path, text)
  return {
    async replace(text, by) {
      for (const [path, before] of files) {
        const after = before.replaceAll(text, by)
        files.set(path, after)
        if (after !== before) await write(path, after)
      }
    },
    vite: (...args) => addressOf(start(vite, ...args)),
    async run(path) {
      const build = start(vite, 'build', '--logLevel', 'error', '--ssr', path, '--outDir', 'built')
      const [code] = await once(build, 'exit')
      if (code !== 0) throw new Error(`${path} could not be built.`)
      return addressOf(start(join('built', `${basename(path, '.ts')}.js`)))
    },
    async end() {
      for (const child of processes) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What begins with a comment that names its file, as scripts/check-docs.mjs has it too. */
function filesOf(guide: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const [, code = ''] of guide.matchAll(/^```(?:ts|js)x?\n([\s\S]*?)^```$/gm)) {
    const path = /^\/\/ (\S+\.(?:ts|js)x?)\n/.exec(code)?.[1]
    if (path !== undefined) files.set(path, code)
  }
  return files
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('spawned with a pipe')
  for await (const line of createInterface(stdout)) {
    const address = /http:\/\/localhost:\d+/.exec(line)?.[0]
    if (address !== undefined) return address
  }
  throw new Error('It ended before it printed an address.')
}

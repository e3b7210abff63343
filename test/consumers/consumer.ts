import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url))

/** The package as `npm publish` would send it, and folders outside the repository that install it. */
export interface Consumers {
  /** Installs the package with these others, and puts the fixtures beside them. */
  create(dependencies: Readonly<Record<string, string>>): Promise<Consumer>
  end(): Promise<void>
}

/** A project of someone who uses the package. */
export interface Consumer {
  readonly folder: string
  /** Runs a command in the folder; resolves to what it prints, rejects with that if it fails. */
  run(command: string, ...args: readonly string[]): Promise<string>
}

export async function packConsumers(): Promise<Consumers> {
  const home = await mkdtemp(join(tmpdir(), 'leftoff-consumers-'))
  // Built before: `prepack` would build again under the tests that read dist.
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], { cwd: root })
  const [{ filename }] = JSON.parse(stdout)
  let count = 0

  return {
    async create(dependencies) {
      const folder = join(home, `consumer-${++count}`)
      await mkdir(folder)
      const manifest = {
        private: true,
        type: 'module',
        dependencies: { leftoff: `file:${join(home, filename)}`, ...dependencies },
      }
      await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
      await cp(fixtures, folder, { recursive: true })
      const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--ignore-scripts']
      await run('npm', ['install', ...flags], { cwd: folder })
      return {
        folder,
        async run(command, ...args) {
          try {
            const { stdout } = await run(command, args, { cwd: folder })
            return stdout
          } catch (error) {
            const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string } // as execFile rejects
            throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
          }
        },
      }
    },
    end: () => rm(home, { recursive: true, force: true }),
  }
}

/** A tool of this repository, as a script for Node: the consumer's own dependencies stay what they are. */
export function tool(path: string): string {
  return join(root, 'node_modules', path)
}

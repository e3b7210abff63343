import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Packs the package as `npm publish` would and unpacks it into the `node_modules` of a folder below the repository, whose packages are the rest. */
export async function installPacked(folder: string): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'leftoff-packed-'))
  try {
    // Built before: `prepack` would build again under the tests that read dist.
    const flags = ['pack', '--json', '--ignore-scripts', '--pack-destination', home]
    const [{ filename }] = JSON.parse((await run('npm', flags, { cwd: root })).stdout)
    const installed = join(folder, 'node_modules/leftoff')
    await mkdir(installed, { recursive: true })
    await run('tar', ['-xzf', join(home, filename), '--strip-components=1', '-C', installed])
  } finally {
    await rm(home, { recursive: true })
  }
}

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Fails a run whose tests leave a folder, a socket or a process behind. They get a temporary folder of their own: what is in it
 * at the end, and which processes still have it in their environment, is what they did not end.
 */
export default function setup(): () => Promise<void> {
  const before = process.env.TMPDIR
  const folder = mkdtempSync(join(before ?? inMemory() ?? tmpdir(), 'leftoff-run-'))
  // Postgres runs as another user.
  chmodSync(folder, 0o755)
  process.env.TMPDIR = folder

  return async () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    const processes = await lingering(folder)
    // Of the browser that Vitest itself starts for its browser tests, and ends after this.
    const isVitests = (name: string) =>
      ownBrowsers(folder).some((command) => command.includes(name)) ||
      (name.startsWith('playwright-artifacts') && ownBrowsers(folder).length > 0)
    const files = readdirSync(folder).filter((name) => /^(leftoff|playwright)/.test(name) && !isVitests(name))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    const left = [...files, ...processes.map(({ command }) => command)]
    for (const { id } of processes) process.kill(id, 'SIGKILL')
    if (left.length === 0) return
    // Vitest only prints an error that is thrown here.
    process.exitCode = 1
    console.error(`The tests left behind: ${left.join(', ')}`)
  }
}

/** Where files are kept in memory, if there is room: databases and browser profiles are thousands of small ones, gone soon. */
function inMemory(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > 2 ** 31 ? '/dev/shm' : undefined
  } catch {
    return undefined // not on Linux
  }
}

/** The command lines of browsers that this process started. Those of tests are started by Vitest's workers. */
function ownBrowsers(folder: string): readonly string[] {
  return startedWith(`TMPDIR=${folder}`, true).map(({ command }) => command)
}

interface Running {
  readonly id: number
  readonly command: string
}

/** The processes that were started with this temporary folder and are not gone after a moment. Only Linux tells. */
async function lingering(folder: string): Promise<readonly Running[]> {
  const deadline = Date.now() + 5_000
  for (;;) {
    const running = startedWith(`TMPDIR=${folder}`)
    if (running.length === 0 || Date.now() > deadline) return running
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function startedWith(variable: string, isOwn = false): readonly Running[] {
  if (process.platform !== 'linux') return []
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  return ids.flatMap((id) => {
    try {
      const isOurs = readFileSync(`/proc/${id}/environ`, 'utf8').split('\0').includes(variable)
      // A zombie has ended, and has no command line; Vitest's own workers end by themselves.
      const command = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      // Chromium's crash handler belongs to nobody and ends with its browser.
      const isTests = isOurs && command !== '' && !/vitest|crashpad_handler/.test(command)
      return isTests && descendsFromHere(Number(id)) === isOwn ? [{ id: Number(id), command }] : []
    } catch {
      return [] // gone in the meantime, or another user's
    }
  })
}

/** Whether this process started it, or something that it started, with no worker of Vitest in between. */
function descendsFromHere(id: number): boolean {
  const parent = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0)
  if (parent === process.pid) return true
  if (parent <= 1 || readFileSync(`/proc/${parent}/cmdline`, 'utf8').includes('vitest')) return false
  return descendsFromHere(parent)
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** A program that ends with this process, however this one ends. */
export interface Program {
  readonly process: ChildProcess
  /** What it has written to its standard streams, for errors. */
  output(): string
  /** Asks it to end, and makes it if it does not. */
  end(): Promise<void>
}

/** With a pipe for what it writes to file descriptor 3. */
export function startProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  // Of util-linux: the kernel ends the program when its parent is gone, also when that one was killed.
  const process_ = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true, // a process group, to end what it started, too
  })
  let output = ''
  for (const stream of [process_.stdout, process_.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const ended = once(process_, 'exit')
  ended.catch(() => {}) // a command that cannot be started: whoever waits for its answer says so
  return {
    process: process_,
    output: () => output,
    async end() {
      if (process_.exitCode !== null || process_.signalCode !== null || process_.pid === undefined) return
      process_.kill('SIGTERM')
      const killing = new AbortController()
      await Promise.race([ended, wait(5_000, undefined, killing).then(() => process_.kill('SIGKILL'))])
      killing.abort()
      await ended
      try {
        process.kill(-process_.pid, 'SIGKILL')
      } catch {
        // The group is empty.
      }
    },
  }
}

/** Asks until there is an answer, and fails after `ms` with what `late` says. */
export async function until<T>(ask: () => Promise<T | undefined>, ms: number, late: () => string): Promise<T> {
  const end = performance.now() + ms
  for (let pause = 2; ; pause = Math.min(2 * pause, 20)) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(late())
    await wait(pause)
  }
}

/** The programs below a process. */
export function descendants(ancestor: number): readonly { readonly pid: number; readonly name: string }[] {
  const all = readdirSync('/proc')
    .map(Number)
    .filter((pid) => isRunning(pid))
    .flatMap((pid) => {
      try {
        const [, name = '', parent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
        return [{ pid, name, parent: Number(parent) }]
      } catch {
        return [] // it ended in between
      }
    })
  const isBelow = (pid: number): boolean => {
    const parent = all.find((one) => one.pid === pid)?.parent
    return parent === ancestor || (parent !== undefined && isBelow(parent))
  }
  return all.filter(({ pid }) => isBelow(pid))
}

/** Whether a program runs, or at least has not ended: one that has may wait for its parent to notice. */
export function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/stat`
  if (!(pid > 0) || !existsSync(file)) return false
  try {
    return !/\) [ZX] /.test(readFileSync(file, 'utf8'))
  } catch {
    return false // it ended in between
  }
}

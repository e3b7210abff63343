import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Ends a process as a terminal does and waits until it is gone; resolves to its exit code. One that ended before is fine. */
export async function endProcess(child: ChildProcess): Promise<number | null> {
  if (!hasEnded(child)) {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    // One that hangs must not outlive its test.
    const kill = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(kill)
  }
  return child.exitCode
}

export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

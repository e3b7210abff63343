// Preloaded into a process by `--import …/watch-exit.mjs?report=…`: writes down how it ends once it is sent SIGTERM.
import { writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

const report = new URL(import.meta.url).searchParams.get('report')
if (report === null) throw new Error('Where to write the report?')

let exitCalled = false
const { exit } = process
process.exit = (code) => {
  exitCalled = true
  return exit(code)
}

process.once('SIGTERM', () => {
  const begun = performance.now()
  const loop = performance.eventLoopUtilization()
  process.once('exit', () => {
    const { idle } = performance.eventLoopUtilization(loop)
    writeFileSync(report, JSON.stringify({ exitCalled, waitedMs: idle, tookMs: performance.now() - begun }))
  })
})

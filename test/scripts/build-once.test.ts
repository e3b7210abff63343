import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'

let folder: string
const at = (path: string) => join(folder, path)

// A project whose build copies its source and keeps count.
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leftoff-build-'))
  for (const path of ['scripts', 'src', 'dist']) mkdirSync(at(path))
  copyFileSync('scripts/build-once.mjs', at('scripts/build-once.mjs'))
  writeFileSync(at('package.json'), JSON.stringify({ scripts: { build: 'cp src/index.ts dist/ && echo >> builds' } }))
  writeFileSync(at('src/index.ts'), 'first')
  return () => rmSync(folder, { recursive: true })
})

function buildOnce(): number {
  execFileSync(process.execPath, [at('scripts/build-once.mjs')], { stdio: 'ignore' })
  return readFileSync(at('builds'), 'utf8').length
}

describe('npm run build:once', { timeout: 60_000 }, () => {
  it('builds once from unchanged sources', () => {
    expect(buildOnce()).toBe(1)
    expect(buildOnce()).toBe(1)
  })

  it('builds again when a source changes, and when one is added', () => {
    buildOnce()
    appendFileSync(at('src/index.ts'), 'second')
    expect(buildOnce()).toBe(2)
    expect(readFileSync(at('dist/index.ts'), 'utf8')).toBe('firstsecond')
    writeFileSync(at('src/another.ts'), '')
    expect(buildOnce()).toBe(3)
  })

  it('builds again when what was built is changed or gone', () => {
    buildOnce()
    writeFileSync(at('dist/index.ts'), 'edited')
    expect(buildOnce()).toBe(2)
    rmSync(at('dist/index.ts'))
    expect(buildOnce()).toBe(3)
  })

  it('builds again after a build that failed', () => {
    rmSync(at('src/index.ts'))
    expect(buildOnce).toThrow()
    expect(buildOnce).toThrow()
    writeFileSync(at('src/index.ts'), 'mended')
    expect(buildOnce()).toBe(1)
  })
})

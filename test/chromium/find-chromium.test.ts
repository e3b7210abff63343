import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chromiumArgs, findChromium, type Surroundings } from './find-chromium.js'

let folder: string
let bare: Partial<Surroundings>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leftoff-find-chromium-'))
  bare = { env: {}, platform: 'linux', arch: 'x64', cacheFolder: join(folder, 'cache'), unpack: fakeUnpack }
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('findChromium', () => {
  it('takes CHROMIUM_PATH before an installed browser', () => {
    const chosen = executable('mine/chromium')
    const env = { CHROMIUM_PATH: chosen, PATH: dirname(executable('bin/chromium')) }
    expect(findChromium({ ...bare, env })).toEqual({ executablePath: chosen, env: {} })
  })

  it('says so when CHROMIUM_PATH names no file, instead of taking another browser', () => {
    const env = { CHROMIUM_PATH: join(folder, 'nowhere'), PATH: dirname(executable('bin/chromium')) }
    expect(() => findChromium({ ...bare, env })).toThrow(/CHROMIUM_PATH is ".*nowhere", where there is no file/)
  })

  it('treats an empty CHROMIUM_PATH as unset', () => {
    const installed = executable('bin/chromium')
    expect(findChromium({ ...bare, env: { CHROMIUM_PATH: '', PATH: dirname(installed) } }).executablePath).toBe(
      installed,
    )
  })

  it('finds what is installed on the PATH without unpacking anything', () => {
    const installed = executable('bin/google-chrome')
    const env = { PATH: `${join(folder, 'empty')}:${dirname(installed)}` }
    expect(findChromium({ ...bare, env, unpack: refuse }).executablePath).toBe(installed)
  })

  it('finds Chrome where macOS and Windows keep it', () => {
    const mac = executable('Applications/Google Chrome.app/Contents/MacOS/Google Chrome')
    expect(findChromium({ ...bare, platform: 'darwin', env: { HOME: folder } }).executablePath).toBe(mac)
    const windows = executable('Google/Chrome/Application/chrome.exe')
    expect(findChromium({ ...bare, platform: 'win32', env: { PROGRAMFILES: folder } }).executablePath).toBe(windows)
  })

  it('takes the one from npm when none is installed, or when asked to', () => {
    const fromNpm = findChromium(bare)
    expect(fromNpm.executablePath).toContain('leftoff-chromium-147.0.0')
    const env = { CHROMIUM_PATH: 'npm', PATH: dirname(executable('bin/chromium')) }
    expect(findChromium({ ...bare, env })).toEqual(fromNpm)
  })

  it('unpacks the one from npm once and leaves nothing beside it', () => {
    const first = findChromium(bare)
    expect(findChromium({ ...bare, unpack: refuse })).toEqual(first)
    expect(readdirSync(join(folder, 'cache'))).toEqual(['leftoff-chromium-147.0.0'])
  })

  it('uses the folder of the process that was first when two unpack at once', () => {
    const unpack = (aside: string) => {
      findChromium(bare) // the other process, faster
      fakeUnpack(aside)
    }
    expect(findChromium({ ...bare, unpack })).toEqual(findChromium({ ...bare, unpack: refuse }))
    expect(readdirSync(join(folder, 'cache'))).toEqual(['leftoff-chromium-147.0.0'])
  })

  it('leaves no half of a browser behind when unpacking fails, and tries again', () => {
    const unpack = (aside: string) => {
      writeFileSync(join(aside, 'chromium'), 'half of it')
      throw new Error('disk full')
    }
    expect(() => findChromium({ ...bare, unpack })).toThrow('disk full')
    expect(readdirSync(join(folder, 'cache'))).toEqual([])
    expect(findChromium(bare).executablePath).toContain('leftoff-chromium-147.0.0')
  })

  it('keeps its libraries out of the environment of this process', () => {
    const before = { ...process.env }
    expect(Object.keys(findChromium(bare).env)).toEqual(['LD_LIBRARY_PATH', 'FONTCONFIG_PATH'])
    expect(process.env).toEqual(before)
  })

  it('says what to do where npm has no browser', () => {
    for (const [platform, arch] of [
      ['linux', 'arm64'],
      ['darwin', 'arm64'],
      ['win32', 'x64'],
    ] as const) {
      const message = `npm has none for ${platform} ${arch}. Install Chrome, or set CHROMIUM_PATH`
      expect(() => findChromium({ ...bare, platform, arch })).toThrow(message)
    }
  })

  it('starts the browser with site isolation and a process per tab', () => {
    const weakening = [
      '--single-process',
      '--disable-web-security',
      '--disable-site-isolation-trials',
      '--in-process-gpu',
    ]
    expect(chromiumArgs.filter((flag) => weakening.includes(flag))).toEqual([])
  })
})

function executable(path: string): string {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
  chmodSync(file, 0o755)
  return file
}

function fakeUnpack(aside: string): void {
  writeFileSync(join(aside, 'chromium'), '')
}

function refuse(): void {
  throw new Error('nothing is to be unpacked')
}

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A Chromium to start. `env` is for its process only: libraries for Chromium may not suit Node or a shell. */
export interface Chromium {
  readonly executablePath: string
  readonly env: Readonly<Record<string, string>>
}

/** What the finder looks at. Tests pass their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  readonly arch: NodeJS.Architecture
  /** Where the Chromium from npm is unpacked to. */
  readonly cacheFolder: string
  /** Unpacks the Chromium from npm into an empty folder. */
  unpack(folder: string): void
}

/**
 * Flags for tests in several tabs: nothing that weakens site isolation or runs all tabs in one process, which would make them prove
 * less than a user's browser does. Playwright adds `--headless` and, for root in a container, `--no-sandbox`.
 */
export const chromiumArgs: readonly string[] = [
  '--disable-gpu',
  '--disable-dev-shm-usage', // containers have 64 MB there
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * A whole Chromium makes two pages of its own for each window, below its address bar: a third of the work of a test, and nothing
 * that a page sees. Of several lists the last one counts, so the ones that Playwright leaves out are here too.
 */
const disableFeatures = `--disable-features=${[
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'SpareRendererForSitePerProcess', // a process in advance for the next page, which there often is none of
  'TcpPortRandomizationWin',
  'ThirdPartyStoragePartitioning',
  'msEdgeUpdateLaunchServicesPreferredVersion',
  'msForceBrowserSignIn',
].join()}`

/** Launch options for Playwright: the Chromium found, its environment, our flags. */
export function chromiumLaunchOptions() {
  const { executablePath, env } = findChromium()
  // The one from npm never has a screen, and can draw in its own process: one less to start with each browser.
  const drawing = process.env.CHROMIUM_PATH === 'npm' ? ['--in-process-gpu'] : []
  return { executablePath, env: { ...process.env, ...env }, args: [disableFeatures, ...drawing, ...chromiumArgs] }
}

/**
 * The Chromium to test in: `CHROMIUM_PATH`, else an installed one, else the one from npm on 64-bit Linux, else an error.
 * `CHROMIUM_PATH=npm` takes the one from npm even where another is installed.
 */
export function findChromium(surroundings: Partial<Surroundings> = {}): Chromium {
  const here: Surroundings = { ...thisMachine, ...surroundings }
  const chosen = here.env.CHROMIUM_PATH // empty counts as unset, as in shells
  if (chosen === 'npm') return fromNpm(here)
  if (chosen) {
    if (isFile(chosen)) return { executablePath: resolve(chosen), env: {} }
    throw new Error(
      `CHROMIUM_PATH is "${chosen}", where there is no file. Correct it, or unset it to have a browser found.`,
    )
  }
  const installed = installedPlaces(here).find(isFile)
  return installed ? { executablePath: installed, env: {} } : fromNpm(here)
}

/** The version of `@sparticuz/chromium`; the last one for Node 20. Part of the folder's name, so that an update unpacks anew. */
const npmVersion = '147.0.0'

const root = fileURLToPath(new URL('../..', import.meta.url))

const thisMachine: Surroundings = {
  env: process.env,
  platform: process.platform,
  arch: process.arch,
  cacheFolder: join(root, 'node_modules', '.cache'),
  unpack: unpackFromNpm,
}

function installedPlaces({ env, platform }: Surroundings): string[] {
  const path = (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => folder !== '')
  const onPath = (names: string[]) => names.flatMap((name) => path.map((folder) => join(folder, name)))
  if (platform === 'darwin') {
    const apps = ['/Applications', ...(env.HOME ? [join(env.HOME, 'Applications')] : [])]
    return [
      ...apps.map((folder) => join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome')),
      ...apps.map((folder) => join(folder, 'Chromium.app/Contents/MacOS/Chromium')),
      ...onPath(['chromium']),
    ]
  }
  if (platform === 'win32') {
    const programs = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(
      (folder) => folder !== undefined,
    )
    return [
      ...programs.map((folder) => join(folder, 'Google/Chrome/Application/chrome.exe')),
      ...programs.map((folder) => join(folder, 'Chromium/Application/chrome.exe')),
      ...onPath(['chrome.exe', 'chromium.exe']),
    ]
  }
  return onPath(['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'chrome'])
}

function fromNpm({ platform, arch, cacheFolder, unpack }: Surroundings): Chromium {
  if (platform !== 'linux' || arch !== 'x64') {
    throw new Error(
      `No Chrome or Chromium found to test in, and npm has none for ${platform} ${arch}. ` +
        'Install Chrome, or set CHROMIUM_PATH to the executable of a Chromium.',
    )
  }
  const folder = join(cacheFolder, `leftoff-chromium-${npmVersion}`)
  if (!existsSync(folder)) unpackOnce(folder, unpack)
  const executablePath = join(folder, 'chromium')
  if (!isFile(executablePath))
    throw new Error(`${executablePath} is missing. Remove ${folder} to have it unpacked again.`)
  // Its own NSS, NSPR and fonts: a bare system has none.
  return {
    executablePath,
    env: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_PATH: join(folder, 'fonts') },
  }
}

/** Unpacks aside and renames: whoever sees `folder` sees all of it, also when two processes come at once or one is killed. */
function unpackOnce(folder: string, unpack: (folder: string) => void): void {
  mkdirSync(dirname(folder), { recursive: true })
  const aside = mkdtempSync(`${folder}-unpacking-`)
  try {
    unpack(aside)
    renameSync(aside, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error // else another process was first, and its folder serves as well
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/**
 * The package unpacks into the temporary folder and changes `process.env` on import, so it runs in a process of its own.
 * The variable makes it unpack its libraries as well, which it does by itself on AWS only.
 */
function unpackFromNpm(folder: string): void {
  const script = `import chromium from '@sparticuz/chromium'; await chromium.executablePath()`
  const env = { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' }
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // Its own file names folders of AWS only; without a font, text has no size.
  writeFileSync(join(folder, 'fonts', 'fonts.conf'), '<fontconfig><dir prefix="relative">fonts</dir></fontconfig>\n')
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

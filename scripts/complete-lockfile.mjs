// npm leaves optional packages of other platforms out of package-lock.json when the registry it asked did not offer them
// (Biome, Rollup and others ship one package per platform). `npm ci` elsewhere then fails, or installs a tool without its
// binary. This adds what is missing; `--check` only verifies. Run it after each `npm install` that changes the lockfile.
// Every package of a registry must have a hash; npm is asked for those of what is added.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ version?: string, resolved?: string, integrity?: string, link?: boolean, inBundle?: boolean, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[],
 *   libc?: string[], optionalDependencies?: Record<string, string> }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lockfile
 */

const lockfiles = ['.', 'examples/recipes', 'test/claude', 'test/claude/older', 'test/next', 'test/react-18'].map(
  (folder) => join(folder, 'package-lock.json'),
)

for (const name of lockfiles) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url))
  /** @type {Lockfile} */
  const lockfile = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingPackages(lockfile)
  const hosts = registryHosts(lockfile)
  if (process.argv.includes('--check')) {
    for (const { where, entry } of missing) console.error(`${name} lacks ${where} ${entry.version}`)
    for (const where of hosts) console.error(`${name} names a registry host at ${where}`)
    if (missing.length + hosts.length > 0) {
      console.error('Run: node scripts/complete-lockfile.mjs')
      process.exitCode = 1
    }
  } else {
    for (const { where, entry } of missing) lockfile.packages[where] = { ...entry, integrity: hashOf(where, entry) }
    for (const where of hosts) delete lockfile.packages[where]?.resolved
    const byName = Object.entries(lockfile.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
    writeFileSync(path, `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(byName) }, null, 2)}\n`)
    console.log(`${name}: added ${missing.length} packages, removed ${hosts.length} hosts`)
  }

  const unhashed = withoutHash(lockfile)
  for (const where of unhashed)
    console.error(`${name} has no SHA-512 for ${where}: remove the entry and run npm install`)
  if (unhashed.length > 0) process.exitCode = 1
}

/**
 * The packages that a locked package names as optional and pins to one version, and that the lockfile does not hold.
 *
 * @param {Lockfile} lockfile
 */
function missingPackages({ packages }) {
  /** @type {{ where: string, entry: Entry }[]} */
  const found = []
  for (const [dependent, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isLocked(packages, dependent, name)) continue
      // Beside its dependent, as npm hoists: a nested tool keeps its platform packages below itself or below its parent.
      const where = `${dependent.slice(0, dependent.lastIndexOf('node_modules/'))}node_modules/${name}`
      const { cpu, libc, os } = platformOf(name)
      // In npm's own order, so that its next run changes nothing.
      found.push({ where, entry: { version, cpu, ...(dev && { dev }), ...(libc && { libc }), optional: true, os } })
    }
  }
  return found
}

/**
 * Whether Node, starting at `dependent`, would find `name` among the locked packages.
 *
 * @param {Lockfile['packages']} packages
 * @param {string} dependent
 * @param {string} name
 */
function isLocked(packages, dependent, name) {
  for (let folder = dependent; ; ) {
    if (packages[`${folder && `${folder}/`}node_modules/${name}`]) return true
    if (folder === '') return false
    folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))
  }
}

/**
 * The fields by which npm skips a package on another platform, as these packages' names tell them: `…-linux-x64-musl`.
 *
 * @param {string} name
 * @returns {{ os: string[], cpu: string[], libc?: string[] }}
 */
function platformOf(name) {
  const system = 'aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32'
  const processor = 'arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64'
  const [, os, cpu, suffix = ''] = new RegExp(`[/-](${system})-(${processor})(?:-(\\w+))?$`).exec(name) ?? []
  if (!os || !cpu)
    throw new Error(`${name}: cannot tell its platform by its name. Add it to package-lock.json by hand.`)
  if (os === 'linux' && suffix.startsWith('musl')) return { os: [os], cpu: [cpu], libc: ['musl'] }
  if (os === 'linux' && suffix.startsWith('gnu')) return { os: [os], cpu: [cpu], libc: ['glibc'] }
  return { os: [os], cpu: [cpu] }
}

/**
 * Where the lockfile says from which host a package comes. It must not: everyone's own registry is to be asked.
 *
 * @param {Lockfile} lockfile
 */
function registryHosts({ packages }) {
  return Object.entries(packages).flatMap(([where, { resolved }]) => (resolved?.includes('://') ? [where] : []))
}

/**
 * The hash that the registry has of a package. Throws if it does not offer the package.
 *
 * @param {string} where
 * @param {Entry} entry
 */
function hashOf(where, { version }) {
  const name = where.slice(where.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const hash = execFileSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], { encoding: 'utf8' }).trim()
  if (!hash.startsWith('sha512-')) throw new Error(`The registry has no hash for ${name} ${version}.`)
  return hash
}

/**
 * What `npm ci` would install unverified.
 *
 * @param {Lockfile} lockfile
 */
function withoutHash({ packages }) {
  return Object.entries(packages).flatMap(([where, { integrity, inBundle, link, resolved }]) => {
    const isOfRegistry = where.includes('node_modules/') && !link && !inBundle && !resolved?.startsWith('file:')
    return isOfRegistry && !integrity?.startsWith('sha512-') ? [where] : []
  })
}

import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The secret of a data folder, made once and readable by its user only; without a folder a new one each time. A secret that
 * everyone knows would make everyone the service role.
 *
 * @param {string | undefined} dataDir
 */
export async function jwtSecretOf(dataDir) {
  const fresh = randomBytes(48).toString('base64url')
  if (dataDir === undefined) return fresh
  // Beside the database, whose folder holds nothing else.
  const folder = `${dataDir}.keys`
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'jwt-secret')
  await writeFile(path, fresh, { flag: 'wx', mode: 0o600, flush: true }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  return readFile(path, 'utf8')
}

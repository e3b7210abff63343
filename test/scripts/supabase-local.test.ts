import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { jwtSecretOf } from '../../supabase/local/jwt-secret.mjs'
import { localOnly } from '../../supabase/local/local-only.mjs'

describe('the secret of the local stand-in', () => {
  it('is random, stays with its data folder, and is readable by its user only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'leftoff-secret-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const here = await jwtSecretOf(join(folder, 'here'))
    expect(here).toMatch(/^[\w-]{64}$/)
    expect(await jwtSecretOf(join(folder, 'here'))).toBe(here)
    expect(await jwtSecretOf(join(folder, 'there'))).not.toBe(here)
    expect(await jwtSecretOf(undefined)).not.toBe(await jwtSecretOf(undefined))
    expect((await stat(join(folder, 'here.keys/jwt-secret'))).mode & 0o777).toBe(0o600)
  })
})

describe('the local stand-in', () => {
  it('answers this machine’s own names and pages, and no others', async () => {
    const fetch = localOnly(async () => new Response('answered'))
    const status = async (url: string, origin?: string) =>
      (await fetch(new Request(url, { headers: origin === undefined ? {} : { origin } }))).status
    expect(await status('http://127.0.0.1:54321/rest/v1/')).toBe(200)
    expect(await status('http://localhost:54321/rest/v1/', 'http://localhost:5173')).toBe(200)
    expect(await status('http://[::1]:54321/rest/v1/', 'http://127.0.0.1:3000')).toBe(200)
    expect(await status('http://evil.example:54321/rest/v1/')).toBe(421)
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      expect(await status('http://127.0.0.1:54321/rest/v1/', origin)).toBe(403)
    }
  })
})

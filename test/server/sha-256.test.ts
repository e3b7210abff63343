import { expect, it } from 'vitest'
import { sha256Start } from '../../src/server/sha-256.js'

it('gives what SHA-256 of the platform begins with, for texts of any number of blocks', async () => {
  for (const length of [...Array(200).keys(), 1_000, 262_144]) {
    const bytes = Uint8Array.from({ length }, (_, n) => (n * 7 + length) & 0xff)
    const whole = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    expect(sha256Start(bytes)).toEqual(whole.subarray(0, 8))
  }
})

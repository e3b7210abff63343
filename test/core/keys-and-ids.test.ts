import { afterEach, describe, expect, it, vi } from 'vitest'
import { createId } from '../../src/core/keys-and-ids.js'

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

afterEach(() => vi.unstubAllGlobals())

describe('createId', () => {
  it('is a random UUID', () => {
    expect(createId()).toMatch(uuid4)
  })

  it('takes its bits from getRandomValues where randomUUID is missing, as on plain http', () => {
    const real = crypto
    vi.stubGlobal('crypto', { getRandomValues: real.getRandomValues.bind(real) })
    const ids = Array.from({ length: 200 }, createId)
    for (const id of ids) expect(id).toMatch(uuid4)
    expect(new Set(ids).size).toBe(200)
  })
})

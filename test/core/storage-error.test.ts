import { describe, expect, it } from 'vitest'
import { storageError } from '../../src/core/storage-error.js'

describe('storageError', () => {
  it('keeps a typed error, of another copy of the package too', () => {
    const foreign = Object.assign(new Error('no'), { code: 'forbidden', [Symbol.for('leftoff.error')]: true })
    expect(storageError('a storage', foreign)).toBe(foreign)
  })

  it.each(['QuotaExceededError', 'NS_ERROR_DOM_QUOTA_REACHED'])('tells a full storage by %s', (name) => {
    const cause = Object.assign(new Error('full'), { name })
    expect(storageError('a storage', cause)).toMatchObject({ code: 'quota-exceeded', cause })
  })

  it('takes anything else for a storage that cannot be used', () => {
    expect(storageError('a storage', 'odd')).toMatchObject({ code: 'storage-unavailable', cause: 'odd' })
  })
})

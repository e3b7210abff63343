import { describe, expect, it } from 'vitest'
import { indexedDbError } from '../../src/adapters/dexie/connection.js'
import { storageError } from '../../src/core/storage-error.js'

describe('storageError', () => {
  it('keeps a typed error, of another copy of the package too', () => {
    const foreign = Object.assign(new Error('no'), { code: 'forbidden', [Symbol.for('leftoff.error')]: true })
    expect(storageError('a storage', foreign)).toBe(foreign)
  })

  it.each(['QuotaExceededError', 'NS_ERROR_DOM_QUOTA_REACHED'])('recognises a full storage by %s', (name) => {
    const cause = Object.assign(new Error('full'), { name })
    expect(storageError('a storage', cause)).toMatchObject({ code: 'quota-exceeded', cause })
  })

  it.each([
    { name: 'AbortError', inner: { name: 'QuotaExceededError' } },
    { name: 'BulkError', inner: null, failures: [{ name: 'ConstraintError' }, { name: 'QuotaExceededError' }] },
  ])('recognises a full storage inside an error of Dexie: %j', (cause) => {
    expect(indexedDbError(cause)).toMatchObject({ code: 'quota-exceeded', cause })
  })

  it('takes anything else for a storage that cannot be used', () => {
    expect(storageError('a storage', 'odd')).toMatchObject({ code: 'storage-unavailable', cause: 'odd' })
  })

  it.each([
    [new DOMException('denied', 'SecurityError'), "IndexedDB is blocked by the browser's settings."],
    [
      { name: 'OpenFailedError', inner: { name: 'DexieError', inner: new DOMException('denied', 'SecurityError') } },
      "IndexedDB is blocked by the browser's settings.",
    ],
    [
      Object.assign(new Error('too early'), { name: 'PrematureCommitError' }),
      'IndexedDB failed (PrematureCommitError).',
    ],
    [{ name: 'AbortError', inner: null }, 'IndexedDB failed (AbortError).'],
    ['odd', 'IndexedDB failed.'],
  ])('blames the settings only if the browser does: %s', (cause, sentence) => {
    expect(indexedDbError(cause).message).toBe(`${sentence} The chat continues in memory.`)
  })
})

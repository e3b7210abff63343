import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readStoredRow, schemaVersion } from '../../src/core/stored-row.js'
import { session } from '../support/session.js'

const row = { schemaVersion, saveId: 's1', session: session({ title: 'kept' }) }

describe('reading a stored row', () => {
  it('gives back what was stored', () => {
    expect(readStoredRow(JSON.parse(JSON.stringify(row)))).toEqual({ kind: 'row', row })
  })

  it('drops fields it does not know', () => {
    const extended = { ...row, session: { ...row.session, more: 1 } }
    expect(readStoredRow(extended)).toEqual({ kind: 'row', row })
  })

  it('tells a newer version from a broken row', () => {
    expect(readStoredRow({ schemaVersion: schemaVersion + 1, anything: true })).toMatchObject({ kind: 'newer-version' })
    expect(readStoredRow({ ...row, session: { ...row.session, lastActivity: 'yesterday' } })).toMatchObject({
      kind: 'invalid',
      error: { code: 'invalid-session' },
    })
  })

  it.each([
    ['a negative count', { messageCount: -1 }],
    ['an endless id', { conversationId: 'x'.repeat(5_000) }],
    ['an empty id', { conversationId: '' }],
    ['a time that is no number', { startedAt: Number.NaN }],
    ['a preview longer than any we write', { lastMessagePreview: 'x'.repeat(1_000) }],
  ])('refuses %s', (_what, fields) => {
    expect(readStoredRow({ ...row, session: { ...row.session, ...fields } }).kind).toBe('invalid')
  })

  it('never throws and never touches a prototype, whatever was stored', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        readStoredRow(JSON.parse(text))
        readStoredRow(JSON.parse(`{"schemaVersion":1,"__proto__":{"polluted":true},"saveId":"s","session":${text}}`))
        expect(({} as Record<string, unknown>).polluted).toBeUndefined()
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { maxScopes } from '../../../src/core/apply-change.js'
import {
  maxTime as latestTime,
  maxIdBytes,
  maxPreviewLength,
  maxTitleLength,
  maxWorkspaceBytes,
} from '../../../src/core/checks.js'
import { maxBatch } from '../../../src/core/session-wire.js'
import { sql } from '../supabase.js'
import { oneMessage, openAdapter } from './open-adapter.js'

// SQL has its own copy of each bound; the one that counts stands in src/core.
const maxSafe = `${Number.MAX_SAFE_INTEGER}`
const beyondSafe = `${BigInt(maxSafe) + 1n}`
const maxTime = `${latestTime}`
const beyondTime = `${latestTime + 1}`
const letters = (count: number) => `repeat('x', ${count})`
const emojis = (count: number) => `repeat('😀', ${count})`
/** A text of so many bytes, in letters of two. */
const bytes = (count: number) => `repeat('é', ${count >> 1}) || repeat('x', ${count & 1})`

describe('the table takes at its bounds, and refuses beyond them, what readers check', () => {
  const edges: Readonly<Record<string, readonly [taken: string, refused: string]>> = {
    messages: [maxSafe, beyondSafe],
    started_at: [maxTime, beyondTime],
    activity_at: ['0', '-1'],
    rank: [maxTime, beyondTime],
    preview_rank: ['1', 'null'],
    preview: [emojis(maxPreviewLength), letters(maxPreviewLength + 1)],
    message_title: [emojis(maxTitleLength), letters(maxTitleLength + 1)],
    person_title: [`''`, 'null'],
    app_title_rank: [maxTime, '-1'],
    workspace: [bytes(maxWorkspaceBytes), bytes(maxWorkspaceBytes + 1)],
    conversation_id: [bytes(maxIdBytes), bytes(maxIdBytes + 1)],
    input_tokens: [maxSafe, 'null'],
    output_tokens: ['0', '-1'],
    cache_read_tokens: ['null', beyondSafe],
    cache_write_tokens: [maxSafe, '-1'],
    schema_version: ['9', '0'],
    saved_at: ['now()', 'null'],
    removed_at: ['null', 'now()'],
  }
  it.each(Object.entries(edges))('%s', async (column, [taken, refused]) => {
    const { adapter, userId, change } = openAdapter()
    const text = { text: 'a', rank: 1 }
    const usage = { input: 1, output: 1, cacheRead: 1, cacheWrite: 1 }
    await adapter.save([
      change({
        begins: 1,
        preview: text,
        titles: { message: text, app: text, person: text },
        counts: { abcdefgh: { messages: 1, usage } },
      }),
    ])
    const set = (value: string) =>
      sql(`update app.conversation_sessions set ${column} = ${value} where user_id = $1`, [userId])
    await set(taken)
    await expect(set(refused)).rejects.toMatchObject({ code: '23514' })
  })

  it.each([
    ['{}'],
    ['null'],
    ['"abcdefgh"'],
    ['["abcdefgh", 1]'],
    ['[["abcdefgh"]]'],
    ['[["abcdefgh", 1, {"input": 1, "output": 1}, 1]]'],
    ['[["abcdefg", 1]]'],
    ['[["abcdefg!", 1]]'],
    ['[[12345678, 1]]'],
    ['[["abcdefgh", "1"]]'],
    ['[["abcdefgh", -1]]'],
    ['[["abcdefgh", 1.5]]'],
    ['[["abcdefgh", 9007199254740992]]'],
    ['[["abcdefgh", [1]]]'],
    ['[["abcdefgh", 1, null]]'],
    ['[["abcdefgh", 1, [{"input": 1, "output": 1}]]]'],
    ['[["abcdefgh", 1, {"input": 1}]]'],
    ['[["abcdefgh", 1, {"input": 1, "output": "1"}]]'],
    ['[["abcdefgh", 1, {"input": [1], "output": 1}]]'],
    ['[["abcdefgh", 1, {"input": 1, "output": 1, "cacheRead": -1}]]'],
    [JSON.stringify(Array.from({ length: maxScopes + 1 }, (_, n) => [`scope${String(n).padStart(3, '0')}`, 1]))],
  ])('no scopes such as %s', async (scopes) => {
    const { adapter, userId, change } = openAdapter()
    await adapter.save([change({ begins: 1, ...oneMessage('s') })])
    const written = sql('update app.conversation_sessions set scopes = $2 where user_id = $1', [userId, scopes])
    await expect(written).rejects.toMatchObject({ code: '23514' })
  })
})

describe('save in SQL', () => {
  it('refuses a malformed change rather than accept and not save it', async () => {
    const { userId, change } = openAdapter()
    const { workspace: _, ...malformed } = change({ begins: 1 })
    const changes = [
      malformed,
      { userId, conversationId: 5 },
      {},
      null,
      7,
      { ...change({ begins: 1 }), conversationId: 'ok' },
    ]
    const [answer] = await sql('select app.save_sessions_of_user($1, $2) as refusals', [
      userId,
      JSON.stringify(changes),
    ])
    const reason = 'invalid'
    expect(JSON.parse(answer?.refusals ?? '')).toEqual([
      { conversationId: 'c1', reason },
      { conversationId: '5', reason },
      { conversationId: '', reason },
      { conversationId: '', reason },
      { conversationId: '', reason },
    ])
    const rows = await sql('select conversation_id from app.conversation_sessions where user_id = $1', [userId])
    expect(rows).toEqual([{ conversation_id: 'ok' }])
  })

  it('takes as many changes as an adapter sends at once and no more, and nothing that is no array', async () => {
    const { userId, change } = openAdapter()
    const tooMany = Array.from({ length: maxBatch + 1 }, (_, n) => change({ conversationId: `c${n}`, begins: 1 }))
    const save = (changes: string) => sql('select app.save_sessions_of_user($1, $2) as refusals', [userId, changes])
    expect(await save(JSON.stringify(tooMany.slice(1)))).toMatchObject([{ refusals: '[]' }])
    for (const changes of [JSON.stringify(tooMany), '{}', '"x"', null])
      await expect(sql('select app.save_sessions_of_user($1, $2)', [userId, changes])).rejects.toMatchObject({
        code: '54000',
      })
  })
})

import { describe, expect, it } from 'vitest'
import { sql } from '../supabase.js'
import { oneMessage, openAdapter } from './open-adapter.js'

const maxSafe = '9007199254740991'
const maxTime = '8640000000000000'

describe('the table takes at its bounds, and refuses beyond them, what readers check', () => {
  const edges: Readonly<Record<string, readonly [taken: string, refused: string]>> = {
    messages: [maxSafe, '9007199254740992'],
    started_at: [maxTime, '8640000000000001'],
    activity_at: ['0', '-1'],
    rank: [maxTime, '8640000000000001'],
    preview_rank: ['1', 'null'],
    preview: [`repeat('😀', 120)`, `repeat('x', 121)`],
    message_title: [`repeat('😀', 1000)`, `repeat('x', 1001)`],
    person_title: [`''`, 'null'],
    app_title_rank: [maxTime, '-1'],
    workspace: [`repeat('é', 126)`, `repeat('é', 127)`],
    conversation_id: [`repeat('é', 100)`, `repeat('é', 101)`],
    input_tokens: [maxSafe, 'null'],
    output_tokens: ['0', '-1'],
    cache_read_tokens: ['null', '9007199254740992'],
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
    [JSON.stringify(Array.from({ length: 65 }, (_, n) => [`scope${String(n).padStart(3, '0')}`, 1]))],
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

  it('takes at most 100 changes, and nothing that is no array', async () => {
    const { userId, change } = openAdapter()
    const tooMany = Array.from({ length: 101 }, (_, n) => change({ conversationId: `c${n}`, begins: 1 }))
    for (const changes of [JSON.stringify(tooMany), '{}', '"x"', null])
      await expect(sql('select app.save_sessions_of_user($1, $2)', [userId, changes])).rejects.toMatchObject({
        code: '54000',
      })
  })
})

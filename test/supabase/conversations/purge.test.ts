import { describe, expect, it } from 'vitest'
import type { FreshDatabase } from '../fresh-database.js'
import { migratedDatabase } from './migrated-database.js'

const timeout = 60_000 // a PGlite of its own takes seconds to make

describe.each(['one table', 'hash partitions'])('the purge, on %s', { timeout }, (kind) => {
  async function filled(): Promise<FreshDatabase> {
    const database = await migratedDatabase({ isPartitioned: kind !== 'one table' })
    await database.run(`
      insert into app.conversation_sessions
        (user_id, conversation_id, workspace, started_at, activity_at, rank, messages, scopes, schema_version, saved_at)
      select 'u' || n, 'aged ' || days, 'w', 0, 0, 0, 1, '[]', 1, now() - make_interval(days => days)
      from generate_series(1, 10) as n, unnest(array[0, 89, 91]) as days;
      insert into app.conversation_sessions (user_id, conversation_id, removed_at)
      select 'u' || n, 'removed ' || days, now() - make_interval(days => days)
      from generate_series(1, 10) as n, unnest(array[0, 29, 31]) as days;`)
    return database
  }
  const left = async ({ run }: FreshDatabase) =>
    run(`select conversation_id as id, count(*)::int from app.conversation_sessions group by 1 order by 1`)
  const purge = async ({ run }: FreshDatabase, args: string) => {
    const [row] = await run(`select app.purge_conversation_sessions(${args}) as purged`)
    return row?.purged
  }

  it('deletes what was not saved for so many days, whatever the browser said the time was, and old tombstones, and nothing else', async () => {
    const database = await filled()
    expect(await purge(database, '90')).toBe(20)
    expect(await left(database)).toEqual([
      { id: 'aged 0', count: 10 },
      { id: 'aged 89', count: 10 },
      { id: 'removed 0', count: 10 },
      { id: 'removed 29', count: 10 },
    ])
    expect(await purge(database, '90')).toBe(0)
  })

  it('keeps all sessions when no days are given, and works in batches', async () => {
    const database = await filled()
    expect(await purge(database, 'p_batch => 7')).toBe(7)
    expect(await purge(database, 'p_batch => 7')).toBe(3)
    expect(await left(database)).toHaveLength(5)
    await expect(purge(database, '0')).rejects.toMatchObject({ code: '22023' })
  })
})

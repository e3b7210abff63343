import { describe, expect, it } from 'vitest'
import type { Mutant } from '../../support/mutants.js'
import { setsOfChanges, sqlTwin } from './sql-twin.js'

const mutants: readonly Mutant[] = [
  {
    name: 'an older total replaces a newer one',
    from: 'greatest(k.messages, a.messages) as messages',
    to: 'coalesce(a.messages, k.messages) as messages',
  },
  {
    name: 'a repeat is counted again',
    from: 'greatest(0, a.messages - coalesce(k.messages, 0))',
    to: 'a.messages',
  },
  {
    name: 'an older total takes messages away',
    from: 'greatest(0, a.messages - coalesce(k.messages, 0))',
    to: 'a.messages - coalesce(k.messages, 0)',
  },
  {
    name: 'an older total takes tokens away',
    from: 'greatest(0, a.cache_read - coalesce(k.cache_read, 0))',
    to: 'a.cache_read - coalesce(k.cache_read, 0)',
  },
  {
    name: 'older usage of a scope replaces newer',
    from: 'greatest(k.output, a.output) as output',
    to: 'coalesce(a.output, k.output) as output',
  },
  {
    name: 'usage that an arrival does not mention is forgotten',
    from: 'greatest(k.cache_write, a.cache_write) as cache_write',
    to: 'a.cache_write as cache_write',
  },
  {
    name: 'of two previews with one rank the one that arrives first stays',
    from: '(v_text_rank, v_text) > (v_row.preview_rank, v_row.preview)',
    to: 'v_text_rank > v_row.preview_rank',
  },
  {
    name: 'texts are ordered from their end',
    from: '(v_text_rank, v_text) > (v_row.preview_rank, v_row.preview)',
    to: '(v_text_rank, reverse(v_text)) > (v_row.preview_rank, reverse(v_row.preview))',
  },
  {
    name: 'the latest first message gives the title',
    from: '(v_text_rank, v_text) < (v_row.message_title_rank, v_row.message_title)',
    to: '(v_text_rank, v_text) > (v_row.message_title_rank, v_row.message_title)',
  },
  {
    name: 'the app names a conversation by its first title',
    from: '(v_text_rank, v_text) > (v_row.app_title_rank, v_row.app_title)',
    to: '(v_text_rank, v_text) < (v_row.app_title_rank, v_row.app_title)',
  },
  {
    name: 'a title of an older rank replaces a person’s',
    from: 'v_row.person_title is null or (v_text_rank, v_text) > (v_row.person_title_rank, v_row.person_title)',
    to: 'true',
  },
  {
    name: 'the last begins to arrive stays',
    from: 'v_row.started_at := least(v_row.started_at, v_begins)',
    to: 'v_row.started_at := coalesce(v_begins, v_row.started_at)',
  },
  {
    name: 'of two activities with one rank the first to arrive stays',
    from: 'if (v_rank, least(v_at, p_now)) > (v_row.rank, v_row.activity_at)',
    to: 'if v_rank > v_row.rank',
  },
  {
    name: 'a later beginning is no activity',
    from: 'if (v_begins, least(v_begins, p_now)) > (v_row.rank, v_row.activity_at)',
    to: 'if false',
  },
  {
    name: 'an arrival does not move its scope to the end',
    from: 'order by j.has_arrived desc, case',
    to: 'order by case',
  },
  {
    name: 'the scopes that arrived last are forgotten',
    from: 'order by p.place_from_end desc',
    to: 'order by p.place_from_end',
  },
  { name: 'one scope less is kept', from: 'p.place_from_end <= 64', to: 'p.place_from_end <= 63' },
  { name: 'one scope more is kept', from: 'p.place_from_end <= 64', to: 'p.place_from_end <= 65' },
]

describe('a fault in the SQL twin of applyChange is caught by comparing', { timeout: 120_000 }, () => {
  it.each(mutants)('$name', async (mutant) => {
    const twin = await sqlTwin(mutant)
    let difference: string | undefined
    for (let seed = 0; !difference && seed < 1_000; seed += 50)
      difference = await twin.differenceOn(setsOfChanges(seed, 50))
    await twin.drop()
    expect(difference).toBeDefined()
  })

  it('a mutant whose text is gone says so', async () => {
    await expect(sqlTwin({ name: 'gone', from: 'no such text', to: '' })).rejects.toThrow('occurs 0 times')
  })
})

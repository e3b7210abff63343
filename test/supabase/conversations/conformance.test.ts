import { describe } from 'vitest'
import { supabaseAdapter } from '../../../src/adapters/supabase/supabase-adapter.js'
import { sessionAdapterConformance } from '../../../src/testing/session-adapter-conformance.js'
import { browserClient, sql, supabase } from '../supabase.js'

describe('the contract', () => {
  const damaged = new Set<string>()

  sessionAdapterConformance({
    open: (userId) => supabaseAdapter({ client: browserClient(userId, supabase, throughDamage(damaged)) }),
    async destroy() {
      damaged.clear()
      await sql("delete from app.conversation_sessions where user_id in ('u1', 'u2')")
    },
    async plant(kind, userId, conversationId) {
      if (kind === 'damaged') damaged.add(conversationId)
      else {
        const mark =
          'update app.conversation_sessions set schema_version = 2 where user_id = $1 and conversation_id = $2'
        await sql(mark, [userId, conversationId])
      }
    },
  })
})

/** The table refuses damaged rows, so they are damaged on their way: as by functions of another version. */
function throughDamage(conversationIds: ReadonlySet<string>): typeof fetch {
  return async (...args) => {
    const response = await fetch(...args)
    if (conversationIds.size === 0 || !response.ok || response.status === 204) return response
    const answer = JSON.parse(await response.text(), (_, value) =>
      conversationIds.has(value?.conversationId) && 'messageCount' in value ? { ...value, messageCount: '1' } : value,
    )
    return Response.json(answer, response)
  }
}

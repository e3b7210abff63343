import { supabaseAdapter } from '../../../src/adapters/supabase/supabase-adapter.js'
import type { SessionChange } from '../../../src/core/apply-change.js'
import type { SessionAdapter } from '../../../src/core/session-adapter.js'
import { browserClient, supabase } from '../supabase.js'

/** An adapter of a signed-in user of this test alone. */
export function openAdapter(userId: string = crypto.randomUUID(), through: typeof fetch = fetch) {
  const requests: { readonly bytes: number }[] = []
  const counted: typeof fetch = async (...args) => {
    const response = await through(...args)
    const body = await response.text()
    requests.push({ bytes: body.length })
    return new Response(response.status === 204 ? null : body, response)
  }
  const adapter: SessionAdapter = supabaseAdapter({ client: browserClient(userId, supabase, counted) })
  return {
    adapter,
    userId,
    /** What was asked so far. */
    requests,
    /** Changes of this user. */
    change: (fields: Partial<SessionChange> = {}): SessionChange => ({
      userId,
      workspace: 'demo.alive.best',
      conversationId: 'c1',
      epoch: '',
      ...fields,
    }),
  }
}

/** One message in a scope of this name. */
export function oneMessage(scope: string, messages = 1): Pick<SessionChange, 'counts'> {
  return { counts: { [scope.padEnd(8, '_')]: { messages } } }
}

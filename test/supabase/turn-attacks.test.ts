import { describe, expect, it } from 'vitest'
import { supabaseAgentSessions } from '../../src/server/index.js'
import { turnAttacks } from '../attacks/turns/turn-attacks.js'
import { browserClient, newWorkspace, serverClient } from './supabase.js'

describe('turns in the database under attack', () => {
  turnAttacks(async () => ({
    sessions: supabaseAgentSessions({ client: serverClient(), timeoutMs: 60_000 }), // a busy machine is no attack
    workspace: await newWorkspace(),
  }))

  it('a browser, signed in or not, may call none of the functions', async () => {
    const key = { p_user_id: 'u1', p_domain_id: crypto.randomUUID(), p_hostname: 'x', p_tab_id: 't1' }
    const lease = { p_lease_id: crypto.randomUUID(), p_lease_ms: 1 }
    const calls: Record<string, object> = {
      ensure_domain: { p_hostname: 'x' },
      get_session: key,
      get_turn: key,
      request_stop: { ...key, p_turn_id: 't' },
      begin_turn: { ...key, ...lease, p_expiry_ms: 1, p_turn_id: 't', p_message_hash: 'h' },
      renew_turn: { ...key, ...lease },
      end_turn: { ...key, p_lease_id: lease.p_lease_id, p_expiry_ms: 1, p_outcome: 'done' },
    }
    for (const client of [browserClient(), browserClient('u1')]) {
      for (const [verb, args] of Object.entries(calls)) {
        const { error } = await client.schema('iam').rpc(verb, args)
        expect([verb, error?.code]).toEqual([verb, '42501'])
      }
    }
  })
})

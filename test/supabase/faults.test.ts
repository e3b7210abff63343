import { describe } from 'vitest'
import type { SupabaseRpcClient } from '../../src/core/supabase-rpc.js'
import { openWorld } from '../faults/driver.js'
import { fault } from '../faults/fault.js'
import { browserClient, sql } from './supabase.js'

describe('a list from the account', () => {
  fault('S26', {
    title: 'takes at most two requests, however many rows a newer version wrote',
    async run() {
      const userId = crypto.randomUUID()
      const client = browserClient(userId)
      let requests = 0
      const counted: SupabaseRpcClient = {
        schema(name) {
          const schema = client.schema(name)
          return {
            rpc(verb, args) {
              requests++
              return schema.rpc(verb, args)
            },
          }
        },
      }
      const world = openWorld({ adapter: { supabase: counted } })
      for (let row = 0; row < 200; row++) {
        if (!(await world.takes({ conversationId: `c${row}`, userId }))) throw new Error('A row was refused.')
      }
      await sql('update app.conversation_sessions set schema_version = 9 where user_id = $1', [userId])
      requests = 0
      await world.rows(userId, 10)
      return requests <= 2 ? 'two at most' : `${requests} requests`
    },
    seen: '21 requests',
    right: 'two at most',
  })
})

import { describe } from 'vitest'
import { postgresAdapter, postgresAgentSessions, systemClock } from '../../src/server/index.js'
import { guestStory } from '../support/guest-story.js'
import { sql, supabase } from './supabase.js'

describe('a guest, in the database', () => {
  const query = async (text: string, params: readonly unknown[]) => sql(text, params)
  // Each takes as long as a lease; all of them on a real Postgres.
  const isKilledAt = (step: number) => supabase.engine === 'postgres' || [3, 8, 11].includes(step)
  const open = async () => ({
    sessions: postgresAgentSessions({ query }),
    history: postgresAdapter({ query }),
    clock: systemClock,
    run: <T>(promise: Promise<T>) => promise,
  })
  guestStory(open, isKilledAt)
})

import { describe } from 'vitest'
import { describeExactCounts } from '../../support/exact-counts.js'
import { openAdapter } from './open-adapter.js'

describe('counts, in Supabase', () => {
  describeExactCounts(() => {
    const userId = crypto.randomUUID()
    return { userId, isShared: true, open: () => openAdapter(userId).adapter }
  })
})

import { describe } from 'vitest'
import { memoryAgentSessions } from '../../../src/server/memory-agent-sessions.js'
import { turnAttacks } from './turn-attacks.js'

describe('turns in memory under attack', () => {
  turnAttacks(async () => ({ sessions: memoryAgentSessions(), workspace: 'demo.alive.best' }), { numRuns: 500 })
})

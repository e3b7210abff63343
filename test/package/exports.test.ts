import { describe, expect, it } from 'vitest'
import { entries } from './package-root.js'

// What users can import, entry by entry. A line that goes is a breaking change; a line that comes needs docs.
const values: Record<string, readonly string[]> = {
  leftoff: [
    'LeftoffError',
    'createSessionStore',
    'historyRing',
    'isLeftoffError',
    'localStorageAdapter',
    'memoryAdapter',
    'parseTabKey',
    'readTurn',
    'sessionKey',
    'systemClock',
    'tabKey',
  ],
  'leftoff/react': [
    'NewChatButton',
    'SessionHistory',
    'SessionProvider',
    'useConversationId',
    'useConversationSession',
    'useCurrentWorkspace',
    'useSessionActions',
    'useSessionEvent',
    'useSessionHistory',
    'useSessionStatus',
    'useSessions',
  ],
  'leftoff/server': [
    'LeftoffError',
    'busyResponse',
    'createLookupCache',
    'isLeftoffError',
    'memoryAgentSessions',
    'parseTabKey',
    'runTurn',
    'sessionKey',
    'tabKey',
    'turnResponse',
  ],
  'leftoff/dexie': ['dexieAdapter'],
  'leftoff/supabase': ['supabaseAdapter'],
  'leftoff/server/supabase': ['supabaseAgentSessions'],
  'leftoff/agents/claude': [
    'claudeDriver',
    'claudeEnv',
    'listTranscripts',
    'readTranscript',
    'summarizeTranscript',
    'transcriptExists',
  ],
  'leftoff/testing': ['agentSessionStoreConformance', 'fakeBrowser', 'manualClock', 'sessionAdapterConformance'],
}

describe('the exports', () => {
  it('are listed for every entry', () => {
    expect(Object.keys(values).sort()).toEqual([...entries.keys()].sort())
  })

  it.each(Object.entries(values))('of %s are these', async (name, names) => {
    expect(Object.keys(await import(name)).sort()).toEqual([...names].sort())
  })
})

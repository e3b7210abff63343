import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { entries, packageRoot } from './package-root.js'

// What users can import, entry by entry. A line that goes is a breaking change; a line that comes needs docs.
const values: Record<string, readonly string[]> = {
  leftoff: [
    'LeftoffError',
    'applyChange',
    'createSessionStore',
    'createTurnClient',
    'drafts',
    'guests',
    'historyRing',
    'httpAdapter',
    'isLeftoffError',
    'localStorageAdapter',
    'memoryAdapter',
    'readChange',
    'readTurn',
  ],
  'leftoff/react': [
    'NewChatButton',
    'SessionHistory',
    'SessionNotice',
    'SessionProvider',
    'useConversationId',
    'useConversationSession',
    'useCurrentWorkspace',
    'useDraft',
    'useMessages',
    'useSessionActions',
    'useSessionEvent',
    'useSessionHistory',
    'useSessionStatus',
    'useSessions',
  ],
  'leftoff/server': [
    'LeftoffError',
    'busyResponse',
    'claimGuest',
    'createLookupCache',
    'createTurnHandler',
    'forgetConversation',
    'hashMessage',
    'isLeftoffError',
    'memoryAgentSessions',
    'memoryTurnLog',
    'parseTabKey',
    'postgresAdapter',
    'postgresAgentSessions',
    'postgresTurnLog',
    'redisAgentSessions',
    'redisTurnLog',
    'runTurn',
    'sessionKey',
    'sessionRoutes',
    'statelessDriver',
    'supabaseAgentSessions',
    'systemClock',
    'tabKey',
    'turnResponse',
  ],
  'leftoff/ai-sdk': ['chatTransport'],
  'leftoff/dexie': ['dexieAdapter'],
  'leftoff/legacy': ['importLegacy'],
  'leftoff/supabase': ['supabaseAdapter'],
  'leftoff/agents/claude': [
    'claudeDriver',
    'claudeDriverFor',
    'claudeEnv',
    'listTranscripts',
    'readTranscript',
    'summarizeTranscript',
    'transcriptExists',
  ],
  'leftoff/testing': [
    'agentSessionStoreConformance',
    'fakeBrowser',
    'manualClock',
    'sessionAdapterConformance',
    'systemClock',
    'turnLogConformance',
  ],
}

/** What users can import that is a type alone. */
const types: Record<string, readonly string[]> = {
  leftoff: [
    'AdapterReport',
    'ConversationSession',
    'HttpAdapterOptions',
    'LeftoffErrorCode',
    'ListQuery',
    'LocalStorageAdapterOptions',
    'RankedSession',
    'RecordedMessage',
    'Refusal',
    'SessionActions',
    'SessionAdapter',
    'SessionChange',
    'SessionEvent',
    'SessionPage',
    'SessionState',
    'SessionStore',
    'SessionStoreOptions',
    'StoredRow',
    'TokenUsage',
    'TurnClient',
    'TurnClientEvent',
    'TurnClientOptions',
    'TurnConversation',
    'TurnMessage',
    'UnsentTurn',
  ],
  'leftoff/react': [
    'ConversationIdChange',
    'ConversationSessionHandlers',
    'ConversationSessionOptions',
    'ConversationSessionResult',
    'LoadMessages',
    'LoadedMessage',
    'MessagesOptions',
    'MessagesResult',
    'NewChatButtonProps',
    'SavingState',
    'SessionHistoryItem',
    'SessionHistoryOptions',
    'SessionHistoryProps',
    'SessionHistoryResult',
    'SessionHistoryTexts',
    'SessionNoticeProps',
    'SessionNoticeTexts',
    'SessionProviderProps',
    'SessionStatus',
    'ThreadMessage',
    'ThreadNotice',
    'ThreadView',
  ],
  'leftoff/ai-sdk': ['ChatTransport', 'ChatTransportOptions', 'UiChunk', 'UiMessage'],
  'leftoff/dexie': ['ChangeChannel', 'DexieAdapterOptions'],
  'leftoff/legacy': ['ImportedBlob', 'LegacyImport'],
  'leftoff/supabase': ['RpcCall', 'RpcError', 'RpcResponse', 'SupabaseAdapterOptions', 'SupabaseRpcClient'],
  'leftoff/server': [
    'AgentDriver',
    'AgentRequest',
    'AgentRun',
    'AgentSessionStore',
    'Authorized',
    'BeginTurnResult',
    'BegunTurn',
    'ClientPart',
    'Clock',
    'FailureClass',
    'LeftoffErrorCode',
    'LoggedEvent',
    'LookupCache',
    'LookupCacheOptions',
    'LostContext',
    'MemoryAgentSessionsOptions',
    'MemoryTurnLogOptions',
    'MessageKind',
    'PostgresAdapterOptions',
    'PostgresAgentSessionsOptions',
    'PostgresQuery',
    'PostgresTurnLogOptions',
    'RecoveryReason',
    'RecoveryReport',
    'RedisAgentSessionsOptions',
    'RedisCommand',
    'RedisTurnLogOptions',
    'RefusedTurn',
    'ResumeAttempt',
    'RpcCall',
    'RpcError',
    'RpcResponse',
    'SchemaResult',
    'SessionAdapter',
    'SessionRoutes',
    'SessionRoutesOptions',
    'StandardSchema',
    'StatelessDriver',
    'StatelessDriverOptions',
    'SupabaseAgentSessionsOptions',
    'SupabaseRpcClient',
    'TabKey',
    'TabKeyParts',
    'TokenUsage',
    'Turn',
    'TurnAnswer',
    'TurnEnd',
    'TurnEvent',
    'TurnHandler',
    'TurnHandlerOptions',
    'TurnHandlerSettings',
    'TurnIds',
    'TurnLog',
    'TurnOptions',
    'TurnOutcome',
    'TurnQuestion',
    'TurnResponseOptions',
    'TurnRun',
    'TurnSettings',
    'TurnState',
    'TurnWatch',
    'WithSessions',
    'WithoutSessions',
  ],
  'leftoff/agents/claude': [
    'ClaudeFolder',
    'ClaudeMessage',
    'ListedTranscript',
    'ReadTranscriptOptions',
    'TranscriptMessage',
    'TranscriptOf',
    'TranscriptSummary',
    'TranscriptTurnMessage',
    'TranscriptsOf',
    'WatchedFolder',
  ],
  'leftoff/testing': [
    'AgentSessionStoreConformance',
    'Browser',
    'Checked',
    'ClaimChannel',
    'ClaimLocks',
    'Clock',
    'FakeBrowser',
    'FakeLockMode',
    'FakeStorage',
    'FakeTab',
    'HeldLock',
    'LifecycleEvent',
    'ManualClock',
    'OpenedAgentSessionStore',
    'OpenedTurnLog',
    'PlantedRow',
    'RankedText',
    'ScopeTotals',
    'SessionAdapterConformance',
    'StoredScope',
    'TitleSlot',
    'Titles',
    'TurnLogConformance',
    'WebStorage',
  ],
}

describe('the exports', () => {
  it('are listed for every entry', () => {
    expect(Object.keys(values).sort()).toEqual([...entries.keys()].sort())
    expect(Object.keys(types).sort()).toEqual([...entries.keys()].sort())
  })

  it.each(Object.entries(values))('of %s are these', async (name, names) => {
    expect(Object.keys(await import(name)).sort()).toEqual([...names].sort())
  })

  it('have these types beside them', () => {
    expect(typesByEntry()).toEqual(types)
  })
})

/** The exports without a value, by entry, as TypeScript finds them in the built declarations. */
function typesByEntry(): Record<string, string[]> {
  const paths = new Map([...entries].map(([name, files]) => [name, join(packageRoot, files.types)]))
  const program = ts.createProgram([...paths.values()], { module: ts.ModuleKind.NodeNext, types: [] })
  const checker = program.getTypeChecker()
  const found = [...paths].map(([name, path]): [string, string[]] => {
    const file = program.getSourceFile(path)
    const entry = file && checker.getSymbolAtLocation(file)
    const exported = entry ? checker.getExportsOfModule(entry) : []
    return [name, exported.filter((symbol) => !isValue(symbol, checker)).map((symbol) => symbol.name)]
  })
  return Object.fromEntries(found.map(([name, names]) => [name, names.sort()]))
}

function isValue(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  return (target.flags & ts.SymbolFlags.Value) !== 0
}

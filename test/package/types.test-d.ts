import type { SupabaseClient } from '@supabase/supabase-js'
import {
  applyChange,
  type ConversationSession,
  createSessionStore,
  isLeftoffError,
  type LeftoffErrorCode,
  type SessionAdapter,
  type SessionChange,
  type SessionStore,
  type StoredRow,
} from 'leftoff'
import { claudeDriver } from 'leftoff/agents/claude'
import { SessionProvider, type SessionProviderProps, type SessionStatus, useConversationSession } from 'leftoff/react'
import type { SupabaseAgentSessionsOptions } from 'leftoff/server'
import {
  type AgentDriver,
  type AgentSessionStore,
  runTurn,
  type TabKey,
  type TurnEvent,
  tabKey,
  turnResponse,
} from 'leftoff/server'
import type { SupabaseAdapterOptions } from 'leftoff/supabase'
import { describe, expectTypeOf, it } from 'vitest'

declare const store: SessionStore
declare const adapter: SessionAdapter
declare const change: SessionChange
declare const sessions: AgentSessionStore
declare const key: TabKey

type Schema<Functions> = { Tables: Record<string, never>; Views: Record<string, never>; Functions: Functions }
interface BeginTurn {
  Args: { p_user_id: string }
  Returns: unknown
}
// Types that users generate, before the migrations and after.
type Before = { public: Schema<Record<string, never>> }
type After = Before & { iam: Schema<{ begin_turn: BeginTurn }> }

describe('the types of the built package', () => {
  it('take a supabase-js client of any database', () => {
    expectTypeOf<SupabaseClient>().toExtend<SupabaseAdapterOptions['client']>()
    expectTypeOf<SupabaseClient<Before>>().toExtend<SupabaseAgentSessionsOptions['client']>()
    expectTypeOf<SupabaseClient<After>>().toExtend<SupabaseAgentSessionsOptions['client']>()
  })

  it('let no plain string pass for a tab key', () => {
    expectTypeOf(tabKey({ userId: 'u', workspace: 'w', tabId: 't' })).toEqualTypeOf<TabKey>()
    expectTypeOf<string>().not.toExtend<Parameters<AgentSessionStore['get']>[0]>()
    // @ts-expect-error: the tab id is missing
    tabKey({ userId: 'u', workspace: 'w' })
  })

  it('narrow the ids of a conversation by isInitialized', () => {
    const conversation = useConversationSession('demo.alive.best')
    if (conversation.isInitialized) expectTypeOf(conversation.conversationId).toEqualTypeOf<string>()
    else expectTypeOf(conversation.conversationId).toEqualTypeOf<undefined>()
    expectTypeOf(conversation.startNewConversation).returns.toEqualTypeOf<string>()
  })

  it('narrow why a switch was refused', async () => {
    const switched = await store.switchConversation('c')
    if (!switched.ok) expectTypeOf(switched.reason).toEqualTypeOf<'open-elsewhere' | 'not-found'>()
  })

  it('infer the message of a turn from its driver', async () => {
    const turn = await runTurn({
      sessions,
      key,
      agent: claudeDriver,
      run: async function* () {},
      hasHistory: false,
    })
    if (turn.ok) expectTypeOf(turn.events).toExtend<AsyncIterable<TurnEvent<{ type: string }>>>()
    else expectTypeOf(turn.retryAfterMs).toBeNumber()
  })

  it('keep a session readonly', () => {
    const session = {} as ConversationSession // never read: this file is not run
    // @ts-expect-error: readonly
    session.messageCount = 2
  })

  it('take any adapter, and no store without one', () => {
    expectTypeOf(createSessionStore).parameter(0).toExtend<{ adapter: SessionAdapter }>()
    // @ts-expect-error: nothing is stored unless an adapter is passed
    createSessionStore({})
    // @ts-expect-error: nothing is stored unless an adapter is passed
    createSessionStore()
  })

  it('let what applyChange gives be a row or a refusal', () => {
    const next = applyChange(undefined, change)
    if ('refused' in next) expectTypeOf(next.refused).toEqualTypeOf<'unknown'>()
    else expectTypeOf(next).toEqualTypeOf<StoredRow>()
    // @ts-expect-error: the sign-in must be named
    applyChange(undefined, { userId: '', workspace: 'w', conversationId: 'c' })
  })

  it('tell a session from what a look-up says instead', async () => {
    const found = await adapter.get('', 'c')
    if (typeof found === 'object') expectTypeOf(found).toExtend<ConversationSession>()
    else expectTypeOf(found).toEqualTypeOf<'removed' | 'newer-version' | undefined>()
  })

  it('name each state of a workspace', () => {
    expectTypeOf(store.stateOf('w').status).toEqualTypeOf<SessionStatus>()
    expectTypeOf<SessionStatus>().toEqualTypeOf<'idle' | 'opening' | 'ready' | 'watching' | 'degraded' | 'signed-out'>()
  })

  it('let a provider have a store or options, not both', () => {
    expectTypeOf<{ store: SessionStore }>().toExtend<SessionProviderProps>()
    expectTypeOf<{ userId: string }>().toExtend<SessionProviderProps>()
    // @ts-expect-error: the store has its user already
    SessionProvider({ store, userId: 'ada' })
  })

  it('show state and history readonly', () => {
    const state = store.getState()
    // @ts-expect-error: changed by the actions only
    state.status = 'ready'
    // @ts-expect-error: readonly
    state.sessions.pop()
    // @ts-expect-error: no setState, as a zustand store of one's own would have
    store.setState({})
  })

  it('tell every event, and its fields by its type', () => {
    store.on((event) => {
      switch (event.type) {
        case 'conversation-redirected':
          return expectTypeOf(event.reason).toEqualTypeOf<
            'open-elsewhere' | 'other-workspace' | 'removed' | 'not-found' | 'newer-version'
          >()
        case 'conversation-lost':
          return expectTypeOf(event.reason).toEqualTypeOf<'removed' | 'not-found'>()
        case 'conversation-removed':
        case 'conversation-changed':
        case 'taken-over':
          return expectTypeOf(event.conversationId).toEqualTypeOf<string>()
        case 'claims-unavailable':
          // @ts-expect-error: no failure, a browser
          return event.error
        case 'signed-out':
          return expectTypeOf(event.userId).toEqualTypeOf<string>()
        case 'conversations-expired':
          return expectTypeOf(event.conversationIds).toEqualTypeOf<readonly string[]>()
        case 'degraded':
        case 'save-failed':
        case 'row-quarantined':
        case 'newer-version':
          return expectTypeOf(event.error.code).toEqualTypeOf<LeftoffErrorCode>()
        case 'restored':
          // @ts-expect-error: nothing failed
          return event.error
        default:
          return expectTypeOf(event).toBeNever()
      }
    })
  })

  it('narrow an unknown error, to our codes only', () => {
    const error: unknown = undefined
    if (isLeftoffError(error)) expectTypeOf(error.code).toEqualTypeOf<LeftoffErrorCode>()
    // @ts-expect-error: no code of ours
    isLeftoffError(error, 'not-a-code')
  })

  it('ask for the user, workspace and history where leaving them out would go wrong in silence', () => {
    // @ts-expect-error: whether there is history decides if lost context is told
    runTurn({ sessions, key, agent: claudeDriver, run: async function* () {} })
    // @ts-expect-error: without its workspace
    store.initConversation()
    // @ts-expect-error: nothing is sent to the browser unless it is picked
    turnResponse((async function* (): AsyncGenerator<TurnEvent<string>> {})())
    // @ts-expect-error: messages are the app's, their role is not
    store.recordMessage({ role: 'tool', text: '' })
  })

  it('make an adapter tell its place and durability', () => {
    type Untold = Omit<SessionAdapter, 'place' | 'durability'>
    expectTypeOf<Untold>().not.toExtend<SessionAdapter>()
    expectTypeOf<Omit<SessionAdapter, 'forget' | 'subscribe' | 'onReport' | 'close'>>().toExtend<SessionAdapter>()
  })

  it('keep the turn of a claude driver to its own messages', () => {
    expectTypeOf(claudeDriver).not.toExtend<AgentDriver<{ kind: number }>>()
  })
})

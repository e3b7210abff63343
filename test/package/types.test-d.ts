import type { SupabaseClient } from '@supabase/supabase-js'
import { type ConversationSession, createSessionStore, type SessionAdapter, type SessionStore, tabKey } from 'leftoff'
import { claudeDriver } from 'leftoff/agents/claude'
import { useConversationSession } from 'leftoff/react'
import { type AgentSessionStore, runTurn, type TabKey, type TurnEvent } from 'leftoff/server'
import type { SupabaseAgentSessionsOptions } from 'leftoff/server/supabase'
import type { SupabaseAdapterOptions } from 'leftoff/supabase'
import { describe, expectTypeOf, it } from 'vitest'

declare const store: SessionStore
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

  it('give the same brand from both entries', () => {
    expectTypeOf<ReturnType<typeof tabKey>>().toEqualTypeOf<TabKey>()
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
    session.revision = 2
  })

  it('take any adapter', () => {
    expectTypeOf(createSessionStore).parameter(0).toExtend<{ adapter?: SessionAdapter } | undefined>()
  })
})

import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { clientWith, serverClient, supabase } from '../../supabase/supabase.js'

// Whoever signs tokens may put anything into `sub`, or nothing: each verb must see that it names no user, or another one than Ada.

const ada = crypto.randomUUID()

const subjects: Readonly<Record<string, unknown>> = {
  missing: undefined,
  null: null,
  empty: '',
  'an empty array': [],
  'an array of her': [ada],
  'an object': { sub: ada },
  'a number': 7,
  true: true,
  'her id in capitals': ada.toUpperCase(),
  'her id and a space': `${ada} `,
  'her id in quotes': `"${ada}"`,
  'a pattern': '%',
  'another user': crypto.randomUUID(),
}

function clientOf(sub: unknown, claims: object) {
  const token = new SignJWT({
    role: 'authenticated',
    aud: 'authenticated',
    ...claims,
    ...(sub !== undefined && { sub: sub as string }),
  }) // jose signs whatever it is
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(supabase.jwtSecret))
  return clientWith(() => token).schema('app')
}

const changeOf = (userId: string, messages: number) => ({
  userId,
  workspace: 'w',
  conversationId: 'c1',
  begins: 1,
  counts: { abcdefgh: { messages } },
})
const verbsFor = (userId: string): readonly [verb: string, args: object][] => [
  ['list_conversation_sessions', { p_user_id: userId, p_limit: 10 }],
  ['get_conversation_session', { p_user_id: userId, p_conversation_id: 'c1' }],
  ['save_conversation_sessions', { p_user_id: userId, p_changes: [changeOf(userId, 9)] }],
  ['remove_conversation_sessions', { p_user_id: userId, p_conversation_ids: ['c1'] }],
  ['clear_conversation_sessions', { p_user_id: userId }],
]

describe('a token whose sub is', () => {
  const server = serverClient().schema('app')
  const hers = async () => (await server.rpc('list_sessions_of_user', { p_user_id: ada, p_limit: 10 })).data

  it.each(Object.entries(subjects))('%s reads and writes nothing of Ada', async (_, sub) => {
    await server.rpc('save_sessions_of_user', { p_user_id: ada, p_changes: [changeOf(ada, 1)] })
    const before = await hers()
    expect(before).toMatchObject({ sessions: [{ messageCount: 1 }] })
    // Claims that other systems read, and that a person may set, name nobody here.
    const client = clientOf(sub, { user_id: ada, email: ada, user_metadata: { sub: ada }, app_metadata: { sub: ada } })
    for (const [verb, args] of verbsFor(ada)) {
      expect([verb, (await client.rpc(verb, args)).error?.code]).toEqual([verb, '42501'])
    }
    // Without the check of the verb, row-level security alone.
    expect((await client.rpc('list_sessions_of_user', { p_user_id: ada, p_limit: 10 })).data).toMatchObject({
      sessions: [],
    })
    await client.rpc('save_sessions_of_user', { p_user_id: ada, p_changes: [changeOf(ada, 9)] })
    await client.rpc('remove_sessions_of_user', { p_user_id: ada, p_conversation_ids: ['c1'] })
    await client.rpc('clear_sessions_of_user', { p_user_id: ada })
    expect(await hers()).toEqual(before)
  })

  it.each(['missing', 'null', 'empty'])(
    '%s is nobody, also to those who ask for the user without a name',
    async (name) => {
      const client = clientOf(subjects[name], {})
      for (const [verb, args] of verbsFor('')) {
        expect([verb, (await client.rpc(verb, args)).error?.code]).toEqual([verb, '42501'])
      }
    },
  )
})

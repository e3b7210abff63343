import fc from 'fast-check'

/** How an agent that knows the session, or starts one, goes on after its first word. */
type Manner =
  | 'answers'
  | 'answers from another session'
  | 'streams again'
  | 'fails'
  | 'says what a stale session would'
  | 'ends with an error result'
  | 'ends without a result'
  | 'falls silent'
  | 'falls silent and deaf'

/** How an agent that does not know the session says so: the ways of the SDKs. */
type Refusal = 'result' | 'result, then thrown' | 'thrown' | 'on stderr'

/** What an agent that knows the session may say instead of its first word, without meaning that it does not. */
type FirstWord =
  | 'init'
  | '503'
  | 'timeout'
  | 'stale text of another'
  | 'stale text with more around it'
  | 'note, then stale text'
  | 'nothing'

/** One call of the store. */
type StoreAnswer = 'at once' | 'slowly' | 'down' | 'done, but the answer is lost'

export interface TurnPlan {
  readonly manner: Manner
  readonly refusal: Refusal
  readonly firstWord: FirstWord
  /** Whether the app asks to go on from a point, and whether the session still has it. */
  readonly point: 'none' | 'known' | 'gone'
  readonly pauseMs: number
  readonly store: readonly StoreAnswer[]
  /** After how many events the reader leaves, and how. */
  readonly leavesAfter: number
  readonly leavesBy: 'return' | 'signal'
  readonly onDisconnect: 'abort' | 'continue'
}

/** What happens next, and how much time passes after it. */
export type Happening =
  | { readonly type: 'turn'; readonly plan: TurnPlan; readonly thenMs: number }
  | { readonly type: 'transcripts lost' | 'last process killed' | 'key deleted' | 'a day'; readonly thenMs: number }

const often = <T>(usual: T, ...rest: readonly T[]) =>
  fc.oneof(
    { weight: 3 * rest.length, arbitrary: fc.constant(usual) },
    { weight: rest.length, arbitrary: fc.constantFrom(...rest) },
  )

const plan: fc.Arbitrary<TurnPlan> = fc.record({
  manner: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Manner>('answers') },
    {
      weight: 5,
      arbitrary: fc.constantFrom<Manner>(
        'answers from another session',
        'streams again',
        'fails',
        'says what a stale session would',
        'ends with an error result',
        'ends without a result',
        'falls silent',
        'falls silent and deaf',
      ),
    },
  ),
  refusal: fc.constantFrom<Refusal>('result', 'result, then thrown', 'thrown', 'on stderr'),
  firstWord: often<FirstWord>(
    'init',
    '503',
    'timeout',
    'stale text of another',
    'stale text with more around it',
    'note, then stale text',
    'nothing',
  ),
  point: often<TurnPlan['point']>('none', 'known', 'gone'),
  pauseMs: fc.constantFrom(0, 0, 1_000, 11_000, 40_000),
  store: fc.array(often<StoreAnswer>('at once', 'slowly', 'down', 'done, but the answer is lost'), {
    minLength: 6,
    maxLength: 6,
  }),
  leavesAfter: fc.constantFrom(99, 99, 99, 1, 2, 3, 4),
  leavesBy: fc.constantFrom('return', 'signal'),
  onDisconnect: fc.constantFrom('abort', 'continue'),
})

const thenMs = fc.constantFrom(0, 0, 1_000, 15_000, 70_000)

/** Mostly turns: the other things happen between and during them. */
export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('turn' as const), plan, thenMs }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom('transcripts lost', 'last process killed', 'key deleted', 'a day'),
        thenMs,
      }),
    },
  ),
  { minLength: 2, maxLength: 9 },
)

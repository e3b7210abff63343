import fc from 'fast-check'

/** How an agent that knows the session, or starts one, goes on after its first word. */
type Manner =
  | 'answers'
  | 'answers from another session'
  | 'streams again'
  | 'crashes'
  | 'says what a stale session would'
  | 'ends with an error result'
  | 'ends without a result'
  | 'succeeds, then crashes'
  | 'succeeds, then ends with an error result'
  | 'falls silent'
  | 'falls silent after an error result'
  | 'falls silent and stops slowly'
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

/** One call of the store. Taking effect at once and answering late is what makes a deadline easy to miss. */
export type StoreAnswer =
  | 'at once'
  | 'taking effect late'
  | 'answering late'
  | 'down'
  | 'done, but the answer is lost'
  | 'done, but never answered'

export interface TurnPlan {
  readonly manner: Manner
  readonly refusal: Refusal
  readonly firstWord: FirstWord
  /** Which id an error result carries: one of its own, as some SDKs give, or the session's. */
  readonly errorId: 'random' | 'own' | 'none'
  /** Whether the app asks to resume at a point, and whether the session still has it. */
  readonly point: 'none' | 'known' | 'gone'
  /** How long the agent takes: to its first word, to the next one, and from there to the end. */
  readonly pausesMs: readonly [number, number, number]
  /** How long the app takes to look for history. */
  readonly historyMs: number
  /** How long the reader takes to its first pull. */
  readonly firstPullMs: number
  readonly store: readonly StoreAnswer[]
  /** After how many events the reader leaves, and how. */
  readonly leavesAfter: number
  /** When the reader leaves, whatever it waits for then. */
  readonly leavesAtMs: number
  readonly leavesBy: 'return' | 'signal'
  readonly onDisconnect: 'abort' | 'continue'
  /** The network sends the message of the turn before once more. */
  readonly isRepeat: boolean
}

/** What happens next, and how much time passes after it. */
export type Happening =
  | { readonly type: 'turn'; readonly plan: TurnPlan; readonly thenMs: number }
  | { readonly type: 'last process sleeps'; readonly sleepMs: number; readonly thenMs: number }
  | {
      readonly type: 'transcripts lost' | 'last process killed' | 'key deleted' | 'session expires'
      readonly thenMs: number
    }

/** How long a session lasts in the model. Short, as every renewal of a running turn costs time. */
export const expiryMs = 10 * 60_000

const often = <T>(usual: T, ...rest: readonly T[]) =>
  fc.oneof(
    { weight: 3 * rest.length, arbitrary: fc.constant(usual) },
    { weight: rest.length, arbitrary: fc.constantFrom(...rest) },
  )

const pauseMs = often(0, 1_000, 9_000, 11_000, 29_000, 40_000)

/** Some calls of any kind, then often an outage. */
const store: fc.Arbitrary<readonly StoreAnswer[]> = fc
  .tuple(
    fc.array(
      often<StoreAnswer>(
        'at once',
        'taking effect late',
        'answering late',
        'answering late',
        'down',
        'done, but the answer is lost',
        'done, but never answered',
      ),
      { maxLength: 5 },
    ),
    fc.constantFrom(0, 0, 2, 9),
  )
  .map(([calls, down]) => [...calls, ...Array<StoreAnswer>(down).fill('down')])

const anyPlan: fc.Arbitrary<TurnPlan> = fc.record({
  manner: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Manner>('answers') },
    {
      weight: 9,
      arbitrary: fc.constantFrom<Manner>(
        'answers from another session',
        'answers from another session',
        'answers from another session',
        'streams again',
        'crashes',
        'says what a stale session would',
        'ends with an error result',
        'ends without a result',
        'succeeds, then crashes',
        'succeeds, then ends with an error result',
        'falls silent',
        'falls silent after an error result',
        'falls silent after an error result',
        'falls silent and stops slowly',
        'falls silent and stops slowly',
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
  errorId: fc.constantFrom('random', 'own', 'none'),
  point: often<TurnPlan['point']>('none', 'known', 'gone', 'gone'),
  pausesMs: fc.tuple(pauseMs, pauseMs, pauseMs),
  historyMs: often(0, 1_000, 35_000),
  firstPullMs: often(0, 12_000, 31_000),
  store,
  leavesAfter: fc.constantFrom(99, 99, 99, 1, 2, 3, 4),
  leavesAtMs: fc.constantFrom(1e9, 1e9, 500, 10_500, 45_000),
  leavesBy: fc.constantFrom('return', 'signal'),
  onDisconnect: fc.constantFrom('abort', 'continue'),
  isRepeat: often(false, true),
})

/** Most readers of a silent agent give up: one that never does keeps all later turns out. */
const plan = anyPlan.map((any): TurnPlan => {
  if (!any.manner.startsWith('falls silent') || any.leavesAfter === 4) return any
  return { ...any, leavesAtMs: Math.min(any.leavesAtMs, 45_000), onDisconnect: 'abort' }
})

const thenMs = fc.constantFrom(0, 4_000, 15_000, 31_000, 70_000, 70_000)

/** Mostly turns: the other things happen between and during them. */
export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ type: fc.constant('turn' as const), plan, thenMs }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('last process sleeps' as const),
        sleepMs: fc.constantFrom(5_000, 45_000, 100_000),
        thenMs,
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constantFrom(
          'transcripts lost',
          'last process killed',
          'last process killed',
          'key deleted',
          'session expires',
        ),
        thenMs,
      }),
    },
  ),
  { minLength: 4, maxLength: 16, size: 'max' },
)

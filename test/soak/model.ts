// What the app did, in the app's own terms, and what may be lost of it: the model that a run is held against.

import type { Claim } from './guest.js'

/** One user's time in one store: from `setUser` (or the store's making) until the user leaves, signs out or the page ends. */
export interface Stay {
  readonly user: string
  /** The tab, whose own storage outlives the page. */
  readonly tab: object
  readonly device: number
  readonly begunAt: number
  /** `cut`: what was not in storage by then may be lost. */
  end: 'open' | 'left' | 'cut' | 'signed-out'
  endedAt: number
  /** Its page was still there when all faults had ended. */
  sawTheEnd: boolean
  /** What happened in it that a known fault may need. */
  readonly facts: Set<string>
}

/** The app, or the person, cleared all that a device has stored. */
interface Wipe {
  readonly device: number
  readonly at: number
}

/** What a person typed and did not send. */
interface Draft {
  readonly user: string
  readonly conversationId: string
  readonly text: string
  readonly at: number
  readonly stay: Stay
}

/** A message, as one page recorded it. Its number stands in its text and in the tokens it used, so that a row tells which messages it counts. */
export interface Said {
  readonly number: number
  readonly at: number
  readonly stay: Stay
  /** `undefined` while no conversation was open to say it in. */
  readonly conversationId: string | undefined
  readonly workspace: string
  /** What its workspace showed, or what opened there for it. */
  openedIn: readonly string[]
  isOpened: boolean
  /** Storage failed by then, so that it may have been opened without being read. */
  openedBlind: boolean
  /** With an id it counts once, however many pages record it. */
  readonly hasId: boolean
  /** `stored`: storage was seen to have it, or `flush()` resolved. `parked`: the page was hidden or left, and has a journal. */
  safe: 'no' | 'parked' | 'stored'
  storedAt: number
  /** Said about a conversation that storage did not have, by a page that did not begin it. */
  readonly isIntoVoid: boolean
  readonly facts: Set<string>
}

export interface Conversation {
  readonly user: string
  readonly id: string
  readonly workspace: string
  /** All in which pages had it open: two may begin it at once. */
  readonly workspaces: Set<string>
  readonly begunAt: number
  readonly begunBy: Stay
}

export interface Renaming {
  readonly conversation: Conversation
  readonly title: string
  readonly at: number
  /** Ms since the run began. */
  readonly elapsed: number
  readonly stay: Stay
  safeAt: number
  /** Of a conversation that storage did not have, by a page that did not begin it. */
  readonly isIntoVoid: boolean
  readonly facts: Set<string>
}

/** The fact about a message to a conversation that its page had not read. */
export const saidUnread = 'said of a conversation not read'

/** A removal of named conversations, or a clearing. */
export interface Removal {
  readonly user: string
  readonly stay: Stay
  readonly at: number
  readonly conversationId: string | undefined
  readonly workspace: string | undefined
  /** Those that were certainly there, so that they are gone once it resolved. */
  readonly certain: readonly string[]
  /** Those of them that the page showed, and is not to show again. */
  readonly shown: readonly string[]
  /** Whether it can be taken back for some time. */
  readonly canBeUndone: boolean
  /** Taken back, by a page that was seen all the time. */
  isRestored: boolean
  /** The page was hidden or left in between: another may have carried it out. */
  mayBeCarriedOut: boolean
  settledAt: number
  isDone: boolean
}

interface SignOut {
  readonly user: string
  readonly device: number
  readonly at: number
  settledAt: number
  isDone: boolean
}

export interface Model {
  readonly isShared: boolean
  /** Whether rows are elsewhere than in `localStorage`. */
  readonly survivesWipe: boolean
  readonly said: Said[]
  readonly conversations: Conversation[]
  /** Those that a page of the user was sent to, to begin them if the user has none of that id. */
  readonly links: { readonly user: string; readonly id: string }[]
  readonly renamings: Renaming[]
  readonly removals: Removal[]
  readonly signOuts: SignOut[]
  readonly wipes: Wipe[]
  readonly drafts: Draft[]
  readonly stays: Stay[]
  readonly claims: Claim[]
  /** What happened in the run as a whole. */
  readonly facts: Set<string>
}

export function createModel({ isShared, survivesWipe }: Pick<Model, 'isShared' | 'survivesWipe'>): Model {
  return {
    isShared,
    survivesWipe,
    said: [],
    conversations: [],
    links: [],
    renamings: [],
    removals: [],
    signOuts: [],
    wipes: [],
    drafts: [],
    stays: [],
    claims: [],
    facts: new Set(),
  }
}

/** Messages that can be told apart in one run: base 4 leaves room to see one counted three times. */
const perField = 26
export const mostMessages = 4 * perField

/** The tokens of message `number`. */
export function usageOf(number: number): readonly number[] {
  const usage = [0, 0, 0, 0]
  usage[Math.floor(number / perField)] = 4 ** (number % perField)
  return usage
}

/** How often a row with this usage counts message `number`. */
export function timesCounted(usage: readonly number[], number: number): number {
  return Math.floor((usage[Math.floor(number / perField)] ?? 0) / 4 ** (number % perField)) % 4
}

export const textOf = (user: string, number: number): string => `${user} says #${number}.`
export const draftOf = (user: string, number: number): string => `${user} types *${number}.`
export const titleOf = (user: string, number: number): string => `${user} names !${number}.`

/** The conversations of a user that must not be there. */
export function removedForGood(
  model: Model,
): { readonly user: string; readonly id: string; readonly removal: Removal }[] {
  return model.removals.flatMap((removal) => {
    // How long it can be taken back is measured by the wall clock.
    const isLater = removal.isRestored || !removal.stay.sawTheEnd || model.facts.has('clock jumped')
    if (removal.canBeUndone && isLater) return []
    const isCertain = removal.isDone || (removal.conversationId !== undefined && removal.stay.sawTheEnd)
    return isCertain ? removal.certain.map((id) => ({ user: removal.user, id, removal })) : []
  })
}

/** A page that recorded much in one moment ranks the last of it as a little later. */
const skewMs = 200

/** The titles that the conversation may have: none that was given and safe before another one that is safe was given. */
export function possibleTitles(model: Model, user: string, conversationId: string): readonly string[] {
  const given = model.renamings.filter(
    ({ conversation, stay }) => conversation.id === conversationId && stay.user === user,
  )
  const last = given.filter(
    (one) =>
      !given.some(
        (later) =>
          !later.isIntoVoid &&
          later.elapsed > one.elapsed + skewMs &&
          later.safeAt < Number.POSITIVE_INFINITY &&
          one.safeAt <= later.at,
      ),
  )
  return last.map(({ title }) => title)
}

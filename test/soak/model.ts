// What the app did, in the app's own terms, and what may be lost of it: the model that a run is held against.

/** One user's time in one store: from `setUser` (or the store's making) until the user leaves, signs out or the page ends. */
export interface Stay {
  readonly user: string
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

/** A message. Its number stands in its text and in the tokens it used, so that a row tells which messages it counts. */
export interface Said {
  readonly number: number
  readonly at: number
  readonly stay: Stay
  /** `undefined` while no conversation was open to say it in. */
  readonly conversationId: string | undefined
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
  readonly begunAt: number
  readonly begunBy: Stay
}

export interface Renaming {
  readonly conversation: Conversation
  readonly title: string
  readonly at: number
  readonly stay: Stay
  safeAt: number
  /** Of a conversation that storage did not have, by a page that did not begin it. */
  readonly isIntoVoid: boolean
  readonly facts: Set<string>
}

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
  readonly said: Said[]
  readonly conversations: Conversation[]
  readonly renamings: Renaming[]
  readonly removals: Removal[]
  readonly signOuts: SignOut[]
  readonly stays: Stay[]
  /** What happened in the run as a whole. */
  readonly facts: Set<string>
}

export function createModel(isShared: boolean): Model {
  return {
    isShared,
    said: [],
    conversations: [],
    renamings: [],
    removals: [],
    signOuts: [],
    stays: [],
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
export const titleOf = (user: string, number: number): string => `${user} names !${number}.`

/** Why storage need not have the message, or `undefined` if it must. */
export function mayBeMissing(model: Model, said: Said): string | undefined {
  const { stay, conversationId } = said
  if (said.isIntoVoid) return 'into a conversation that was not there'
  if (stay.end === 'cut' && said.safe === 'no') return 'unsaved when the page ended'
  for (const signOut of model.signOuts) {
    const isOfThem = signOut.user === stay.user && signOut.device === stay.device && stay.begunAt < signOut.settledAt
    if (isOfThem && !(model.isShared && said.safe === 'stored' && said.storedAt < signOut.at)) return 'signed out'
  }
  const isRemoved = model.removals.some(
    (removal) =>
      removal.user === stay.user &&
      (conversationId === undefined ? removal.settledAt > said.at : isCovered(model, removal, conversationId)),
  )
  return isRemoved ? 'removed' : undefined
}

/** Whether the removal may have taken the conversation with it. */
function isCovered(model: Model, removal: Removal, conversationId: string): boolean {
  if (removal.conversationId !== undefined) return removal.conversationId === conversationId
  const known = model.conversations.find(({ id, user }) => id === conversationId && user === removal.user)
  if (!known || known.begunAt > removal.settledAt) return false
  return removal.workspace === undefined || removal.workspace === known.workspace
}

/** Whether nothing of the message may be left on the device, or in the account. */
export function mustBeGone(model: Model, { stay, at }: Said): boolean {
  if (model.isShared) return false
  return model.signOuts.some(
    (signOut) =>
      signOut.isDone &&
      signOut.user === stay.user &&
      signOut.device === stay.device &&
      at < signOut.at &&
      stay.begunAt < signOut.at,
  )
}

/** The conversations of a user that must not be there. */
export function removedForGood(
  model: Model,
): { readonly user: string; readonly id: string; readonly removal: Removal }[] {
  return model.removals.flatMap((removal) => {
    const isCertain = removal.isDone || (removal.conversationId !== undefined && removal.stay.sawTheEnd)
    return isCertain ? removal.certain.map((id) => ({ user: removal.user, id, removal })) : []
  })
}

/** The titles that the conversation may have: none that was given and safe before another one that is safe was given. */
export function possibleTitles(model: Model, user: string, conversationId: string): readonly string[] {
  const given = model.renamings.filter(
    ({ conversation, stay }) => conversation.id === conversationId && stay.user === user,
  )
  const last = given.filter(
    (one) =>
      !given.some((later) => later.at > one.at && later.safeAt < Number.POSITIVE_INFINITY && one.safeAt <= later.at),
  )
  return last.map(({ title }) => title)
}

import type { User } from './user.js'

/**
 * What a page has in one workspace:
 *
 * `closed -> opening -> held | watching`, `held -> watching` when another tab takes it over, `watching -> held` when the claim
 * is free, and both `-> asking` when the page comes back from the back/forward cache or a freeze, until the claim is answered.
 * Closed is `undefined`.
 */
export type Place =
  | { readonly state: 'opening'; readonly run: number; readonly before: OpenPlace | undefined }
  | OpenPlace

/** A place with a conversation. */
export interface OpenPlace {
  readonly state: 'held' | 'watching' | 'asking'
  readonly conversationId: string
  /** Whether the conversation came back when the place was opened. */
  readonly isResumed: boolean
  /** Whether a person chose it: began it, or switched to it. */
  readonly isChosen?: boolean | undefined
}

/** What happens to a place. */
export type PlaceEvent =
  /** The app opens the workspace. `run` numbers the openings: only the last one counts. */
  | { readonly type: 'open'; readonly run: number }
  | {
      readonly type: 'opened'
      readonly run: number
      readonly conversationId: string
      readonly isResumed: boolean
      readonly isHeld: boolean
    }
  /** The app begins or chooses a conversation at once; an opening that runs is no longer wanted. */
  | {
      readonly type: 'chose'
      readonly conversationId: string
      readonly isHeld: boolean
      readonly isChosen?: boolean | undefined
    }
  /** Of the conversation: its claim was lost or taken over, is free and ours, must be asked for again. */
  | { readonly type: 'lost' | 'granted' | 'asked'; readonly conversationId: string }
  | { readonly type: 'closed' }

/** The place after the event. Events about a conversation or an opening that no longer exists change nothing. */
export function nextPlace(place: Place | undefined, event: PlaceEvent): Place | undefined {
  switch (event.type) {
    case 'open':
      return { state: 'opening', run: event.run, before: openPlace(place) }
    case 'opened': {
      if (place?.state !== 'opening' || place.run !== event.run) return place
      const { conversationId, isResumed, isHeld } = event
      return { state: isHeld ? 'held' : 'watching', conversationId, isResumed }
    }
    case 'chose': {
      const { conversationId, isHeld, isChosen } = event
      return { state: isHeld ? 'held' : 'watching', conversationId, isResumed: false, isChosen }
    }
    case 'closed':
      return undefined
    default: {
      const open = openPlace(place)
      if (!place || open?.conversationId !== event.conversationId) return place
      const after = { ...open, state: stateAfter(open.state, event.type) }
      return place.state === 'opening' ? { ...place, before: after } : after
    }
  }
}

/** The conversation that is shown: while a workspace is opened again, the one it had. */
export function openPlace(place: Place | undefined): OpenPlace | undefined {
  return place?.state === 'opening' ? place.before : place
}

function stateAfter(state: OpenPlace['state'], event: 'lost' | 'granted' | 'asked'): OpenPlace['state'] {
  if (event === 'asked') return 'asking'
  if (event === 'granted') return 'held'
  // Watching already: nothing is lost twice.
  return state === 'watching' ? state : 'watching'
}

/** Applies an event to what a workspace has open. */
export function movePlace(user: User, workspace: string, event: PlaceEvent): void {
  const place = nextPlace(user.places.get(workspace), event)
  if (place) user.places.set(workspace, place)
  else user.places.delete(workspace)
}

/** What the workspace has open; while it is opened again, what it had. */
export function placeIn(user: User, workspace: string | undefined): OpenPlace | undefined {
  return workspace === undefined ? undefined : openPlace(user.places.get(workspace))
}

/** What the workspace has open, `undefined` while it is opened. */
export function settledPlace(user: User, workspace: string | undefined): OpenPlace | undefined {
  const place = workspace === undefined ? undefined : user.places.get(workspace)
  return place?.state === 'opening' ? undefined : place
}

/** Whether the workspace has the conversation open, and nothing else was asked for. */
export function isHere(user: User, workspace: string, conversationId: string): boolean {
  return !user.isGone && settledPlace(user, workspace)?.conversationId === conversationId
}

/** What is open in any workspace. */
export function openIds(user: User): string[] {
  return [...user.places.values()].flatMap((place) => openPlace(place)?.conversationId ?? [])
}

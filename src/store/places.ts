import { nextPlace, type OpenPlace, openPlace, type PlaceEvent } from './place.js'
import type { User } from './user.js'

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

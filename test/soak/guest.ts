import type { Model, Said, Stay } from './model.js'
import type { StorageFaults } from './storage-faults.js'

// What becomes of a guest's conversations when somebody signs in, and what may be lost of them.

/** Who uses a page before anybody signs in. */
export const guest = 'guest'

/** Somebody signs in on a device and claims what the guest did there. */
export interface Claim {
  readonly to: string
  readonly device: number
  readonly at: number
  /** Of the page that claims. */
  readonly faults: StorageFaults
  settledAt: number
  /** All of it was done: the rows of the guest are gone too. */
  isDone: boolean
}

/** The claims that may have met what was done in this stay, if it was a guest's. */
export function claimsOf(model: Model, { user, device }: Pick<Stay, 'user' | 'device'>): readonly Claim[] {
  return user === guest ? model.claims.filter((claim) => claim.device === device) : []
}

/** The claims that move rows: those of an account are the server's to move. */
export function rowClaimsOf(model: Model, stay: Pick<Stay, 'user' | 'device'>): readonly Claim[] {
  return model.isShared ? [] : claimsOf(model, stay)
}

/** Whether what the guest did may be in this user's rows, or shown to them. */
export function mayHaveClaimed(model: Model, stay: Pick<Stay, 'user' | 'device'>, userId: string | undefined): boolean {
  return claimsOf(model, stay).some(({ to }) => to === userId)
}

/** Why a message of the guest need be in nobody's row. */
export function mayBeLostByClaim(model: Model, said: Said): string | undefined {
  const { safe, storedAt, conversationId, openedIn, isOpened } = said
  for (const claim of rowClaimsOf(model, said.stay)) {
    const { to, device, at, settledAt } = claim
    const ids = conversationId === undefined ? openedIn : [conversationId]
    const begun = model.conversations.filter(({ id, user }) => user === guest && ids.includes(id))
    const isLater = isOpened || conversationId !== undefined ? begun.every(({ begunAt }) => begunAt > settledAt) : false
    if ((safe !== 'stored' || storedAt > at) && !isLater) return 'not stored when its conversation was claimed'
    if (claim.faults.met.has('read stale')) return 'claimed by a page that did not see it'
    const hasLeft = model.signOuts.some((one) => one.user === to && one.device === device && one.settledAt > at)
    if (hasLeft) return 'who claimed it signed out'
    const isRemoved = model.removals.some(
      (removal) =>
        removal.user === to &&
        (removal.conversationId === undefined
          ? removal.settledAt > at || model.conversations.some(({ id, user }) => user === to && ids.includes(id))
          : ids.length === 0 || ids.includes(removal.conversationId)),
    )
    if (isRemoved) return 'who claimed it removed it'
  }
  return undefined
}

/**
 * Whether a message may be counted twice, for the guest and for who claimed it, or for two who did: a claim that was cut short is
 * done by the next one, and what localStorage has goes some seconds after it was copied.
 */
export function mayBeInBoth(model: Model, said: Said): boolean {
  const claims = rowClaimsOf(model, said.stay)
  return claims.some(({ isDone }) => !isDone) || new Set(claims.map(({ to }) => to)).size > 1
}

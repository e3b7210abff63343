import type { Claimable, Claims } from './claims.js'

/** Which claims a tab has reason to hold: a conversation per workspace it was in, what is being saved, what is being worked on. */
export interface Holdings {
  /** Makes the conversation the tab's in its workspace. Whether it could be claimed; it is the tab's in either case. */
  keep(conversation: Claimable, waitMs?: number): Promise<boolean>
  /** The conversations the tab has, one per workspace it was in. */
  kept(): Iterable<Claimable>
  /** Forgets what the tab has in the workspace, or in all. */
  drop(workspace?: string): void
  /** Claims for a piece of work, held until it ends. */
  lend(): Loan
  /** Gives back what there is no reason to hold any more. */
  tidy(): void
  /** Whether the page has gone away, so that it holds nothing for now. */
  isSuspended(): boolean
}

/** Claims held for as long as a piece of work lasts. */
export interface Loan {
  take(conversation: Claimable, waitMs?: number): Promise<boolean>
  giveBack(conversationId: string): void
  end(): void
}

/** How long to wait for the page that this one comes after, such as on a reload. */
export const ownWaitMs = 250

export function createHoldings(claims: Claims, isUnsaved: (conversationId: string) => boolean): Holdings {
  const kept = new Map<string, Claimable>()
  const loans = new Set<Set<string>>()

  function tidy(): void {
    const needed = new Set([
      ...[...kept.values()].map(({ conversationId }) => conversationId),
      ...[...loans].flatMap(ids),
    ])
    for (const id of claims.held()) if (!needed.has(id) && !isUnsaved(id)) claims.release(id)
  }

  return {
    keep(conversation, waitMs = 0) {
      kept.set(conversation.workspace, conversation)
      const taken = claims.take(conversation, { waitMs })
      tidy()
      return taken
    },
    kept: () => kept.values(),
    drop(workspace) {
      if (workspace === undefined) kept.clear()
      else kept.delete(workspace)
      tidy()
    },
    lend() {
      const lent = new Set<string>()
      loans.add(lent)
      return {
        take(conversation, waitMs = 0) {
          lent.add(conversation.conversationId)
          return claims.take(conversation, { waitMs })
        },
        giveBack(conversationId) {
          lent.delete(conversationId)
          tidy()
        },
        end() {
          loans.delete(lent)
          tidy()
        },
      }
    },
    tidy,
    isSuspended: claims.isSuspended,
  }
}

function ids(lent: ReadonlySet<string>): string[] {
  return [...lent]
}

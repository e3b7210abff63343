import * as z from 'zod/mini'
import type { Clock } from '../core/clock.js'
import type { ClaimChannel } from './browser.js'

/** Claims where the browser has no locks for the page. */
export interface ChannelClaims {
  /** Asks all other pages; whoever does not answer in time does not hold it. */
  take(key: string): Promise<boolean>
  release(key: string): void
  /** What came through the channel. */
  onMessage(data: unknown): void
}

/** What {@link createChannelClaims} needs. */
export interface ChannelClaimsOptions {
  readonly channel: () => ClaimChannel | undefined
  readonly clock: Clock
  readonly createId: () => string
  /** A page that was too busy to answer in time holds it. */
  readonly onLost: (key: string) => void
}

/** Long enough for a page that works in tasks of 200 ms. */
const answerMs = 250

/**
 * Claims by asking: a page that holds the conversation, or that asked for it earlier, says so. Good but not proof: a page that
 * is busy for longer answers late, and then the one that asked gives way.
 */
export function createChannelClaims({ channel, clock, createId, onLost }: ChannelClaimsOptions): ChannelClaims {
  const claims = new Map<
    string,
    { readonly nonce: string; readonly askedAt: number; isHeld: boolean; deny: () => void }
  >()

  function send(value: z.infer<typeof message>): void {
    channel()?.postMessage(value)
  }

  return {
    take(key) {
      return new Promise((resolve) => {
        const claim = { nonce: createId(), askedAt: clock.now(), isHeld: false, deny: () => {} }
        const cancel = clock.setTimeout(() => {
          claim.isHeld = true
          resolve(true)
        }, answerMs)
        claim.deny = () => {
          cancel()
          claims.delete(key)
          if (claim.isHeld) onLost(key)
          else resolve(false)
        }
        claims.set(key, claim)
        send({ type: 'claim', key, nonce: claim.nonce, askedAt: claim.askedAt })
      })
    },
    release: (key) => void claims.delete(key),
    onMessage(data) {
      const { data: received } = z.safeParse(message, data)
      const own = received && claims.get(received.key)
      if (!own) return
      if (received.type === 'claimed') {
        if (received.nonce === own.nonce) own.deny()
      } else if (own.isHeld || isBefore(own, received)) {
        send({ ...received, type: 'claimed' })
      } else {
        own.deny()
      }
    },
  }
}

/** All pages of one origin have one clock. */
function isBefore(a: { askedAt: number; nonce: string }, b: { askedAt: number; nonce: string }): boolean {
  return a.askedAt === b.askedAt ? a.nonce < b.nonce : a.askedAt < b.askedAt
}

/** `claim`: may I? `claimed`: no, the one with this nonce may not. */
const message = z.object({
  type: z.enum(['claim', 'claimed']),
  key: z.string(),
  nonce: z.string(),
  askedAt: z.number(),
})

import type { Clock } from '../core/clock.js'
import { parseStorageKey, storageKey } from '../core/web-storage.js'
import { bounded } from './bounded.js'
import type { Browser, ClaimChannel } from './browser.js'
import { createChannelClaims } from './channel-claims.js'
import { takeLock } from './take-lock.js'

/** A conversation that can be claimed. */
export interface Claimable {
  readonly workspace: string
  readonly conversationId: string
}

/** Which of one user's conversations this page holds. A live page holds each alone. */
export interface Claims {
  /** Whether the conversation is this page's now, waiting at most `waitMs` for another to give it back. Never rejects. */
  take(conversation: Claimable, options?: { readonly waitMs?: number }): Promise<boolean>
  holds(conversationId: string): boolean
  /** The conversations held or asked for. */
  held(): readonly string[]
  release(conversationId: string): void
  /** Begins, or begins again after `suspend`. What was asked for meanwhile is asked now. */
  start(): void
  /** Gives all back: a page of the back/forward cache must not hold what a live one could have. */
  suspend(): void
  isSuspended(): boolean
  /** The user's conversations that other live pages hold. Empty where the browser has no locks. */
  openElsewhere(): readonly string[]
  /** Finds out again which are open elsewhere. */
  look(): void
}

/** What {@link createClaims} needs. */
export interface ClaimsOptions {
  readonly name: string
  readonly userId: string
  readonly browser: Browser
  readonly clock: Clock
  readonly createId: () => string
  /** A claim that was held is not any more. */
  readonly onLost: (conversationId: string) => void
  /** `openElsewhere` has changed. */
  readonly onChange: () => void
}

const lookMs = 1_000
const lookAgainMs = 300

export function createClaims({ name, userId, browser, clock, createId, onLost, onChange }: ClaimsOptions): Claims {
  const claims = new Map<string, Claim>()
  const prefix = `${storageKey(name, 'claim', userId)}/`
  const inChannel = createChannelClaims({ channel: () => channel, clock, createId, onLost: (key) => lose(idOf(key)) })
  let channel: ClaimChannel | undefined
  let hasNoLocks = false
  let elsewhere: readonly string[] = []
  let looks = 0
  let cancelLook: (() => void) | undefined
  let isSuspended = true
  let begin = () => {}
  let started = waitForStart()

  function waitForStart(): Promise<void> {
    return new Promise((resolve) => {
      begin = resolve
    })
  }

  function idOf(key: string): string {
    return parseStorageKey(name, key)?.[3] ?? ''
  }

  function lose(conversationId: string): void {
    if (!claims.has(conversationId)) return
    release(conversationId)
    onLost(conversationId)
  }

  async function obtain(conversationId: string, claim: Claim, waitMs: number): Promise<boolean> {
    await started
    const locks = hasNoLocks ? undefined : browser.locks()
    if (locks && !claim.isReleased) {
      const lock = takeLock({ locks, lockName: claim.key, waitMs, clock, onLost: () => lose(conversationId) })
      claim.giveBack.push(lock.release)
      const answer = await lock.answer
      if (answer !== 'unavailable') return answer === 'held'
      hasNoLocks = true
    }
    if (!channel || claim.isReleased) return true
    claim.giveBack.push(() => inChannel.release(claim.key))
    return inChannel.take(claim.key)
  }

  function release(conversationId: string): void {
    const claim = claims.get(conversationId)
    if (!claim) return
    claims.delete(conversationId)
    claim.isReleased = true
    for (const giveBack of claim.giveBack) giveBack()
    tellOthers()
  }

  function tellOthers(): void {
    channel?.postMessage('claims-changed')
  }

  function look(): void {
    void findElsewhere().catch(() => {}) // not known then
  }

  async function findElsewhere(): Promise<void> {
    const locks = hasNoLocks ? undefined : browser.locks()
    if (!locks || !channel) return
    const run = ++looks
    // What this tab gives back while the browser answers is in the answer still, and is not another tab's.
    const own = new Set(claims.keys())
    const { held = [] } = await bounded(locks.query(), lookMs, clock, 'navigator.locks')
    if (run !== looks || !channel) return
    const found = held
      .flatMap(({ name: key }) => (key?.startsWith(prefix) ? [idOf(key)] : []))
      .filter((id) => !own.has(id) && !claims.has(id))
      .sort()
    if (found.length === elsewhere.length && found.every((id, index) => id === elsewhere[index])) return
    elsewhere = found
    onChange()
  }

  return {
    take({ workspace, conversationId }, { waitMs = 0 } = {}) {
      const known = claims.get(conversationId)
      if (known) return known.result
      const claim: Claim = {
        key: storageKey(name, 'claim', userId, workspace, conversationId),
        giveBack: [],
        isReleased: false,
        isHeld: false,
        result: Promise.resolve(false),
      }
      claims.set(conversationId, claim)
      claim.result = obtain(conversationId, claim, waitMs).then((isHeld) => {
        if (claim.isReleased) return false
        claim.isHeld = isHeld
        if (isHeld) tellOthers()
        else release(conversationId)
        look()
        return isHeld
      })
      return claim.result
    },
    holds: (conversationId) => claims.get(conversationId)?.isHeld ?? false,
    held: () => [...claims.keys()],
    release,
    start() {
      channel ??= browser.channel(storageKey(name, 'claims', userId), (data) => {
        if (data !== 'claims-changed') return inChannel.onMessage(data)
        look()
        // The browser may tell of a page that goes away before it has taken its locks.
        cancelLook?.()
        cancelLook = clock.setTimeout(look, lookAgainMs)
      })
      isSuspended = false
      begin()
    },
    suspend() {
      isSuspended = true
      started = waitForStart()
      for (const conversationId of [...claims.keys()]) release(conversationId)
      channel?.close()
      channel = undefined
      looks++
      cancelLook?.()
    },
    isSuspended: () => isSuspended,
    openElsewhere: () => elsewhere,
    look,
  }
}

interface Claim {
  readonly key: string
  readonly giveBack: (() => void)[]
  isReleased: boolean
  isHeld: boolean
  result: Promise<boolean>
}

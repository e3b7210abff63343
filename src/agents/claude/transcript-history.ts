import type { Entry } from './index-entry.js'
import { chainBefore, chainOf } from './transcript-chain.js'
import type { TranscriptIndex } from './transcript-index.js'
import { queuedBehind, withQueuedPrompts } from './transcript-queue.js'
import { withSiblings } from './transcript-siblings.js'

/**
 * The entries that a person would see something of, oldest first: what the SDK's `getSessionMessages` gives, without the CLI's notes, and before
 * it what was said before compactions. Marks entries of the index, so it is asked once.
 */
export function historyOf(index: TranscriptIndex): readonly Entry[] {
  const chain = chainOf(index)
  const standing = withSiblings(index, chain)
  const behind = index.hasQueued ? queuedBehind(index, chain) : []
  const before = withSiblings(index, chainBefore(index, chain))
  const history = [...before, ...standing]
  return index.hasQueued ? withQueuedPrompts(index, history, behind) : history.filter(({ isShown }) => isShown)
}

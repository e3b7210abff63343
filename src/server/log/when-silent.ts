import type { Clock } from '../../core/clock.js'

/**
 * Runs `run` once a turn has said nothing for so long that its server has died, or has forgotten it: an hour. Gives what
 * cancels that.
 */
export function whenSilent(clock: Clock, turn: { readonly activeAt: number }, run: () => void): () => void {
  let cancel = () => {}
  // One timer for many events, set again if some came in the meantime.
  const wait = (ms: number) => {
    cancel = clock.setTimeout(
      () => {
        const left = turn.activeAt + silenceMs - clock.monotonic()
        if (left > 0) wait(left)
        else run()
      },
      ms,
      { keepsAlive: false },
    )
  }
  wait(silenceMs)
  return () => cancel()
}

/** Whether that is so already. */
export function isSilent(clock: Clock, turn: { readonly activeAt: number }): boolean {
  return clock.monotonic() - turn.activeAt >= silenceMs
}

const silenceMs = 60 * 60_000

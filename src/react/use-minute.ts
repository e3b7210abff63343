import { useCallback, useSyncExternalStore } from 'react'

/** The minute that `now` is in, in ms since the epoch; renders again when the next one begins. 0 on a server and in hydration. */
export function useMinute(now: () => number): number {
  const read = useCallback(() => Math.floor(now() / minuteMs) * minuteMs, [now])
  return useSyncExternalStore(onTick, read, () => 0)
}

const minuteMs = 60_000

function onTick(listener: () => void): () => void {
  const timer = setInterval(listener, minuteMs / 4)
  return () => clearInterval(timer)
}

import { useEffect, useState } from 'react'

/** The time, a few times a minute: enough for "2 minutes ago". */
export function useNow(everyMs = 15_000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** How long ago, or how far ahead, in words. */
export function relativeTime(time: number, now: number): string {
  const seconds = Math.round((time - now) / 1000)
  if (Math.abs(seconds) < 45) return 'just now'
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size * 1.5) ?? (['minute', 60] as const)
  return format.format(Math.round(seconds / size), unit)
}

const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

const format = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

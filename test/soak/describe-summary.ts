import type { Summary } from './soak.js'

/** What the runs did: how often each action, fault, situation and invariant took effect, and which known faults showed. */
export function describeSummary({ runs, effects, known }: Summary): string {
  const groups = new Map<string, string[]>()
  for (const [effect, times] of Object.entries(effects).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [group = '', what = ''] = effect.split(': ')
    groups.set(group, [...(groups.get(group) ?? []), `${what} ${times}`])
  }
  const lines = [...groups].map(([group, counts]) => `${group}: ${counts.join(', ')}`)
  const faults = Object.entries(known).map(([id, { runs: times, first }]) => `${id} in ${times} runs (first: ${first})`)
  return [`${runs} runs`, ...lines, `open faults: ${faults.join(', ') || 'none'}`].join('\n')
}

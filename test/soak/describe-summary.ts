import type { Summary } from './soak.js'

/** What the runs did: how often each action, fault, situation and invariant took effect. */
export function describeSummary({ runs, effects }: Summary): string {
  const groups = new Map<string, string[]>()
  for (const [effect, times] of Object.entries(effects).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [group = '', what = ''] = effect.split(': ')
    groups.set(group, [...(groups.get(group) ?? []), `${what} ${times}`])
  }
  const lines = [...groups].map(([group, counts]) => `${group}: ${counts.join(', ')}`)
  return [`${runs} runs`, ...lines].join('\n')
}

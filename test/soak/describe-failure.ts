import type { Action } from './actions.js'
import type { Failure } from './soak.js'

/** A failure as a person needs it: what was seen, the seed, and the fewest actions, ready for `found/index.ts`. */
export function describeFailure({ seed, storage, invariant, seen, facts, scene }: Omit<Failure, 'text'>): string {
  return [
    `${invariant}: ${seen}`,
    `Seed ${seed} on ${storage}. Before that: ${facts.join('; ') || 'nothing special'}.`,
    'The fewest actions that still fail:',
    '{',
    `  seed: ${seed},`,
    `  storage: '${storage}',`,
    ...(scene.locks ? [`  locks: '${scene.locks}',`] : []),
    `  devices: ${scene.devices},`,
    `  invariant: '${invariant}',`,
    '  actions: [',
    ...scene.actions.map((action) => `    ${describeAction(action)},`),
    '  ],',
    '}',
  ].join('\n')
}

function describeAction(action: Action): string {
  const fields = Object.entries(action).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : value}`,
  )
  return `{ ${fields.join(', ')} }`
}

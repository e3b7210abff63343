import { expect, it } from 'vitest'
import { soak } from '../soak/soak.js'

// A few random runs, for the mutants of the store: the soak in `test/soak` takes too long to run for each of them.

it.each(['localStorage', 'account'] as const)(
  'a few random runs on %s lose, double and mix up nothing',
  async (storage) => {
    const { failures } = await soak({ storage, from: 1, count: 60 })
    expect(failures.map(({ invariant }) => invariant)).toEqual([])
  },
)

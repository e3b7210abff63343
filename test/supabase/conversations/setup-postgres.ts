import type { TestProject } from 'vitest/node'
import type { TestSupabase } from '../../supabase/serve-supabase.js'
import setUpPostgres from '../../supabase/setup-postgres.js'
import { installSecondEdition } from './setup-pglite.js'

/** One stand-in on a Postgres of its own for all files of the project, with the schema of the second edition. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let served: TestSupabase | undefined
  const end = await setUpPostgres({
    ...project,
    provide: (name: 'supabase', supabase: TestSupabase) => {
      served = supabase
      project.provide(name, supabase)
    },
  } as TestProject) // the other setup provides and nothing else
  if (served) await installSecondEdition(served)
  return end
}
